# test/shares.awk: a country's shares by hand, from `bgpdump -m` alone: an independent check of `isthmus report`.
# In: MEMBERS, what `isthmus report CC --explain` lists; then, on standard input, bgpdump's lines. Out: "asn share" to six
# places, and "visible", "addresses", "ases". The method is design.md section 5, written down once more without ids or trees.
# usage: bgpdump -m FILE | awk -v members=MEMBERS [-v drop='ASNs of route servers'] -f test/shares.awk
function number(addr,  b) { split(addr, b, "."); return ((b[1] * 256 + b[2]) * 256 + b[3]) * 256 + b[4] }
function reserved(n) {
	return n == 0 || n == 23456 || (n >= 64496 && n <= 131071) || n >= 4200000000
}
# Collapses prepending; 0 in dirty[] where the path may count.
function clean(path,  a, n, i, out, last, seen) {
	if (path in cleaned) return cleaned[path]
	dirty[path] = index(path, "{") > 0
	n = split(path, a, " "); out = ""; last = ""
	for (i = 1; i <= n; i++) {
		if (a[i] == last || a[i] in dropped) continue
		if (a[i] in seen || reserved(a[i] + 0)) dirty[path] = 1
		seen[a[i]] = 1; last = a[i]
		out = out (out == "" ? "" : " ") a[i]
	}
	return cleaned[path] = out
}
# A prefix belongs to the country where most of its addresses are.
function belongs(x,  i, n, in_it) {
	n = size[x] / 256
	for (i = 0; i < n; i++) in_it += (int(start[x] / 256) + i) in block
	return in_it * 2 > n
}
BEGIN {
	FS = "|"
	n = split(drop, word, " ")
	for (i = 1; i <= n; i++) dropped[word[i]] = 1
	while ((getline line < members) > 0) {
		split(line, word, " ")
		if (word[1] ~ /^AS[0-9]+$/) inside[substr(word[1], 3)] = 1
		else if (word[1] ~ /^[0-9.]+\/[0-9]+$/ && line !~ /geolocated/) {
			split(word[1], part, "/")
			first = int(number(part[1]) / 256)
			for (i = 0; i < 2 ^ (24 - part[2]); i++) block[first + i] = 1
		}
	}
}
$2 == "" || $6 ~ /:/ { next }
{
	peer = $4 " " $5
	if (!((peer, $6) in route)) routes[peer]++
	route[peer, $6] = $7
	as[peer] = $5
	prefix[$6] = 1
}
END {
	# full feeds: 0.75 of the median of the top tenth
	n = 0
	for (p in routes) {
		for (k = n++; k > 0 && sorted[k - 1] < routes[p]; k--) sorted[k] = sorted[k - 1]
		sorted[k] = routes[p]
	}
	k = int(n / 10); if (k < 1) k = 1
	median = k % 2 ? sorted[int(k / 2)] : (sorted[k / 2 - 1] + sorted[k / 2]) / 2
	for (p in routes) if (routes[p] >= 0.75 * median && !(as[p] in inside)) { votes[p] = 1; if (!peers_of[as[p]]++) ases++ }
	# prefixes within the limits that somebody who votes sees, by address
	for (x in prefix) {
		split(x, part, "/"); len = part[2] + 0
		if (len < 8 || len > 24) continue
		for (p in votes) if ((p, x) in route) { seen[x] = 1; break }
		if (!(x in seen)) continue
		size[x] = 2 ^ (32 - len); own[x] = size[x]; start[x] = number(part[1]); length_of[x] = len
		at[start[x], len] = x
	}
	# what each covers is taken off at its nearest cover
	for (x in size)
		for (len = length_of[x] - 1; len >= 8; len--) {
			cover = start[x] - start[x] % 2 ^ (32 - len)
			if ((cover, len) in at) { own[at[cover, len]] -= size[x]; break }
		}
	for (x in size) {
		if (!belongs(x)) continue
		prefixes++; whole += own[x]
		for (p in votes) {
			vote = own[x] / peers_of[as[p]] / ases
			if (!((p, x) in route)) continue
			visible += vote
			path = clean(route[p, x])
			if (dirty[route[p, x]]) continue
			n = split(path, a, " ")
			while (n > 0 && a[n] in inside) n--
			if (n == 0) continue
			sum[a[n]] += vote; carried += vote
		}
	}
	for (u in sum) printf "%d %.6f\n", u, sum[u] / carried
	printf "visible %.6f\nprefixes %d\naddresses %d\nases %d\n", visible / whole, prefixes, whole, ases
}
