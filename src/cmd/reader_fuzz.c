/* Fuzz: the first byte chooses the output, the rest is an MRT stream, filtered and printed. */
#include "cmd/reader.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct printer *const printers[] = {
	    &printer_bgpdump, &printer_json, &printer_csv, &printer_bgpdump_short};
	static struct mrt_peers peers;
	static struct peer_texts texts;
	static struct batch batch;
	static struct reader *reader[4];
	static struct filter filter = {.from = INT64_MIN, .to = UTIME_MAX, .kinds = 15};
	struct mrt m = {.pending = 0};
	struct fault_count faults = {.skipped_bytes = 0};
	unsigned which = n ? p[0] % 4 : 0;
	struct cur c = cur_of(p + (n > 0), n - (n > 0));

	if (!reader[which])
		reader[which] = reader_new(printers[which], &filter, NULL);
	if (!batch.text.buf)
		out_open_mem(&batch.text);
	batch.n = batch.text.n = texts.n = 0;
	batch.peers = &texts;
	counts_init(&batch.counts);
	while (mrt_next(&m, &c, 0, true, &batch.u[0]) == MRT_UPDATE) {
		if (batch.u[0].kind == UPDATE_PEERS) {
			mrt_peers_load(&peers, &batch.u[0], &faults);
			peer_texts_load(&texts, &peers, printers[which], &filter);
			continue;
		}
		batch.n = 1;
		reader_work(reader[which], &batch);
	}
	if (batch.text.n && batch.text.buf[batch.text.n - 1] != '\n')
		__builtin_trap();
	return 0;
}
