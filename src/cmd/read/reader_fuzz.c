/* Fuzz: the first byte chooses the output and whether a filter asks all its questions; the rest is an MRT
 * stream, printed. */
#include "cmd/read/reader.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static asn_t seen_as[] = {131279, 4837, 701, 0};
static struct community communities[] = {{{3356, 0, 0}, 2, 2}, {{0, 0, 0}, 3, 7}};
static const char *paths[] = {"_131279$", "^([0-9]+_)*4837", "{.*}|\\("};
static struct prefix prefixes[] = {
    {{175, 45}, FAMILY_IPV4, 16}, {{0x20, 1}, FAMILY_IPV6, 16}, {{10}, FAMILY_IPV4, 8}};
static struct filter filters[2] = {
    {.from = INT64_MIN, .to = UTIME_MAX, .kinds = 15}, {.from = 0,
							   .to = UTIME_MAX,
							   .kinds = 15,
							   .match = MATCH_OVERLAP,
							   .prefix = prefixes,
							   .prefixes = 3,
							   .as = {seen_as, 4},
							   .community = communities,
							   .communities = 2,
							   .path = paths,
							   .paths = 3,
							   .attrs = true,
							   .prefix_decides = true}};

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct printer *const printers[] = {
	    &printer_bgpdump, &printer_json, &printer_csv, &printer_bgpdump_short};
	static struct mrt_peers peers;
	static struct peer_texts texts;
	static struct batch batch;
	static struct reader *reader[8];
	struct mrt m = {.pending = 0};
	struct fault_count faults = {.skipped_bytes = 0};
	unsigned which = n ? p[0] % 8 : 0;
	const struct printer *printer = printers[which % 4];
	const struct filter *filter = &filters[which / 4];
	struct cur c = cur_of(p + (n > 0), n - (n > 0));

	if (!reader[which])
		reader[which] = reader_new(printer, filter, NULL);
	if (!batch.text.buf)
		out_open_mem(&batch.text);
	batch.n = batch.text.n = texts.n = 0;
	batch.peers = &texts;
	counts_init(&batch.counts);
	while (mrt_next(&m, &c, 0, true, &batch.u[0]) == MRT_UPDATE) {
		if (batch.u[0].kind == UPDATE_PEERS) {
			mrt_peers_load(&peers, &batch.u[0], &faults);
			peer_texts_load(&texts, &peers, printer, filter);
			continue;
		}
		batch.n = 1;
		reader_work(reader[which], &batch);
	}
	if (batch.text.n && batch.text.buf[batch.text.n - 1] != '\n')
		__builtin_trap();
	return 0;
}
