/* isthmus: see cmd/verbs.c for the verbs and cmd/pipe.c for the flow. */
#include "cmd/verb.h"

#include <signal.h>

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(2), ended quietly by the verb */
	return verb_main(argc, argv);
}
