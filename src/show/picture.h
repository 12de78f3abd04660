/* show/picture: what the pictures share. In: an answer. Out: SVG elements. Owns nothing. */
#ifndef SHOW_PICTURE_H
#define SHOW_PICTURE_H

#include "show/report.h"

void picture_text(struct out *o, double x, double y, const char *style, const char *text);
void picture_open(struct out *o, double width, double height, const char *label); /* <svg ...> */
/* A whole <svg> of what draw makes, which returns its height. */
void picture_whole(struct out *o, const struct answer *a, double width, const char *label,
    double (*draw)(struct out *, const struct answer *, double));

#endif
