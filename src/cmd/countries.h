/* cmd/countries: the codes of all countries that the installed registry knows. free(*code). */
#ifndef CMD_COUNTRIES_H
#define CMD_COUNTRIES_H

#include <stddef.h>

size_t country_codes(char (**code)[3]);

#endif
