/* decode/fault: the kinds of faults, their words and their counters. */
#include "decode/decode.h"

static const char *const texts[FAULT_KINDS] = {
    [FAULT_NONE] = "no fault",
    [FAULT_MRT_CUT] = "the file ends inside a record",
    [FAULT_MRT_LENGTH] = "damaged framing: no record begins here; searched for the next one",
    [FAULT_MRT_UNKNOWN] = "a record of a type not known here",
    [FAULT_MRT_BODY] = "the fields of a record do not fit its length",
    [FAULT_PEER_INDEX] = "a table entry of a peer that no peer index names",
    [FAULT_BGP_HEADER] = "the header of a BGP message is damaged",
    [FAULT_BGP_BODY] = "the sections of an UPDATE do not fit it",
    [FAULT_ATTR_CUT] = "a path attribute runs over the end of the list",
    [FAULT_ATTR_FLAGS] = "flags of a path attribute that its type does not allow",
    [FAULT_ATTR_LENGTH] = "a path attribute of a length that its type does not allow",
    [FAULT_ATTR_TWICE] = "a path attribute stands twice",
    [FAULT_ATTR_VALUE] = "a path attribute of a value that its type does not allow",
    [FAULT_NLRI] = "a prefix longer than its family or its field",
};

const char *fault_text(enum fault fault)
{
	return fault < FAULT_KINDS ? texts[fault] : "unknown fault";
}

void fault_add(struct fault_count *c, enum fault fault, uint64_t offset)
{
	if (c->n[fault]++ == 0)
		c->first[fault] = offset;
}
