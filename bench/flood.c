/*
 * bench/flood PORT RATE SECONDS: a BGP peer that sends RATE updates a second to a passive speaker on this
 * machine, changing routes of 200,000 prefixes over and over. Prints what it sent and how far it was held up.
 */
#include "base/cur.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PREFIXES = 200000, BATCH = 500 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t put_message(uint8_t *p, uint8_t type, const uint8_t *body, size_t n)
{
	memset(p, 0xff, 16);
	p[16] = (uint8_t)((n + 19) >> 8);
	p[17] = (uint8_t)(n + 19);
	p[18] = type;
	if (n)
		memcpy(p + 19, body, n);
	return n + 19;
}

/* Announces prefix i by one of four carriers, or, every fifth round, withdraws it. */
static size_t put_update(uint8_t *p, uint32_t i, uint32_t round)
{
	static const uint16_t carrier[4] = {174, 1299, 2914, 4837};
	const uint8_t net[4] = {24, (uint8_t)(20 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i};
	uint8_t body[] = {0, 0, 0, 28, 0x40, 1, 1, 0, 0x40, 2, 14, 2, 3, 0, 0, 0x0d, 0x1c, 0, 0, 0, 0, 0, 0,
	    0, 0, 0x40, 3, 4, 127, 0, 0, 1, net[0], net[1], net[2], net[3]};
	uint16_t via = carrier[(i + round) % 4];
	uint32_t origin = 200000 + i % 50000;
	const uint8_t gone[] = {0, 4, net[0], net[1], net[2], net[3], 0, 0};

	if (round % 5 == 4)
		return put_message(p, 2, gone, sizeof gone);
	body[19] = (uint8_t)(via >> 8);
	body[20] = (uint8_t)via;
	for (unsigned k = 0; k < 4; k++)
		body[21 + k] = (uint8_t)(origin >> (24 - 8 * k));
	return put_message(p, 2, body, sizeof body);
}

static int session(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const uint8_t open[] = {
	    4, 0x0d, 0x1c, 0, 0, 10, 0, 0, 9, 8, 2, 6, 65, 4, 0, 0, 0x0d, 0x1c}; /* AS3356, no hold time */
	uint8_t p[256], answer[512];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		return -1;
	if (write(fd, p, put_message(p, 1, open, sizeof open)) < 0 || read(fd, answer, sizeof answer) <= 0)
		return -1;
	return write(fd, p, put_message(p, 4, NULL, 0)) < 0 ? -1 : fd;
}

int main(int argc, char **argv)
{
	double rate = argc == 4 ? atof(argv[2]) : 0, begun, late = 0;
	uint64_t want = (uint64_t)(rate * (argc == 4 ? atof(argv[3]) : 0)), sent = 0;
	static uint8_t buffer[BATCH * 64];
	int fd = argc == 4 ? session(atoi(argv[1])) : -1;

	if (fd < 0) {
		fputs("usage: bench_flood PORT RATE SECONDS, with a passive BGP speaker at PORT\n", stderr);
		return 2;
	}
	begun = now();
	while (sent < want) {
		size_t n = 0;
		double ahead = begun + (double)sent / rate - now();
		for (unsigned k = 0; k < BATCH; k++, sent++)
			n += put_update(buffer + n, (uint32_t)(sent % PREFIXES), (uint32_t)(sent / PREFIXES));
		if (ahead > 0)
			usleep((unsigned)(ahead * 1e6));
		else if (-ahead > late)
			late = -ahead;
		for (size_t at = 0; at < n;) {
			ssize_t put = write(fd, buffer + at, n - at);
			if (put <= 0) {
				perror("flood");
				return 1;
			}
			at += (size_t)put;
		}
	}
	printf("%llu updates in %.1f s, %.0f/s, at most %.2f s behind\n", (unsigned long long)sent,
	    now() - begun, (double)sent / (now() - begun), late);
	/* A close with KEEPALIVEs unread would be a reset, and take with it what is not sent yet. */
	shutdown(fd, SHUT_WR);
	while (read(fd, buffer, sizeof buffer) > 0)
		;
	close(fd);
	return 0;
}
