/* SPDX-License-Identifier: BSD-2-Clause */

/* curl-get URL: fetches it, with no call of its own to a network function. */

#include <curl/curl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	CURL *curl = curl_easy_init();
	CURLcode code;

	if (argc != 2 || !curl)
		return 2;
	curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	if (code)
		fprintf(stderr, "curl-get: %s\n", curl_easy_strerror(code));
	return code ? 1 : 0;
}
