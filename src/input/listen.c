/* input/listen: listening sockets and who may connect to them, for BMP and BGP. */
#include "input/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "127.0.0.1:1790" or "[::1]:1790" into a socket address. */
static struct addrinfo *address_parse(const char *text)
{
	struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const char *colon = strrchr(text, ':');
	char *host;
	bool brackets;

	if (!colon)
		return NULL;
	brackets = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	host = brackets ? mem_printf("%.*s", (int)(colon - text - 2), text + 1)
			: mem_printf("%.*s", (int)(colon - text), text);
	if (getaddrinfo(*host ? host : NULL, colon + 1, &hints, &list) != 0)
		list = NULL;
	free(host);
	return list;
}

const char *live_listen_fault(const struct live_listen *o)
{
	struct addrinfo *a = o->address ? address_parse(o->address) : NULL;

	if (!a)
		return "listen is no ADDRESS:PORT, as 127.0.0.1:1790 or [::]:1790";
	freeaddrinfo(a);
	if (o->password && !o->allows)
		return "password: say in allow whose it is";
	if (o->password && strlen(o->password) > TCP_MD5SIG_MAXKEYLEN)
		return "password: longer than 80 bytes (RFC 2385)";
	return NULL;
}

int listen_on(struct live *l, const char *address)
{
	struct addrinfo *a = address ? address_parse(address) : NULL;
	int fd = -1, on = 1;

	if (!a) {
		snprintf(l->why, sizeof l->why, "\"%s\" is no ADDRESS:PORT", address ? address : "");
		return -1;
	}
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, 64) < 0) {
		snprintf(l->why, sizeof l->why, "cannot listen on %s: %s", address, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

static struct addr addr_of(const struct sockaddr_storage *s)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const struct sockaddr_in6 *s6 = (const void *)s;
	const struct sockaddr_in *s4 = (const void *)s;

	if (s->ss_family == AF_INET)
		return addr_v4((const uint8_t *)&s4->sin_addr);
	if (memcmp(&s6->sin6_addr, mapped, 12) == 0)
		return addr_v4((const uint8_t *)&s6->sin6_addr + 12);
	return addr_v6((const uint8_t *)&s6->sin6_addr);
}

static bool is_allowed(const struct live_listen *o, const struct addr *a)
{
	static const uint8_t home6[16] = {[15] = 1};
	struct prefix host = prefix_make(a->family, a->b, family_bits(a->family));

	if (!o->allows)
		return a->family == FAMILY_IPV4 ? a->b[0] == 127 : memcmp(a->b, home6, 16) == 0;
	for (size_t i = 0; i < o->allows; i++)
		if (prefix_covers(&o->allow[i], &host))
			return true;
	return false;
}

int listen_accept(struct live *l, int fd, const struct live_listen *o, struct addr *from)
{
	struct sockaddr_storage s;
	socklen_t n = sizeof s;
	char text[ADDR_TEXT];
	int got = accept4(fd, (struct sockaddr *)&s, &n, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;

	if (got < 0)
		return -1;
	*from = addr_of(&s);
	if (!is_allowed(o, from)) {
		live_note(l, o->name, "%.*s is not allowed to connect", (int)addr_text(text, from), text);
		close(got);
		return -1;
	}
	setsockopt(got, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	return got;
}
