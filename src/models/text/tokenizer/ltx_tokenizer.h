/* C face of the tokenizer crate. Every function is safe to call from several threads on one tokenizer; none
   writes to a stream or lets a panic out. An error is a NUL-terminated message that the caller frees; NULL is
   success. */
#ifndef LTX_TOKENIZER_H_
#define LTX_TOKENIZER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ltx_tokenizer ltx_tokenizer;

/* Reads the bytes of a tokenizer.json; truncation and padding that the file asks for are ignored. */
char* ltx_tokenizer_open(const uint8_t* json, size_t size, ltx_tokenizer** out);
void ltx_tokenizer_free(ltx_tokenizer* tokenizer);

/* The id of a piece. `found` false: no such piece. */
char* ltx_tokenizer_id(const ltx_tokenizer* tokenizer, const uint8_t* piece, size_t size, bool* found,
                       uint32_t* id);

/* Appends a piece as a special token; not safe beside other calls on the same tokenizer. */
char* ltx_tokenizer_add_special(ltx_tokenizer* tokenizer, const uint8_t* piece, size_t size);

/* Ids of UTF-8 text. `special`: run the file's post-processor. At most `limit` ids, the post-processor's own
   included and never cut; 0: no limit. The ids are freed by ltx_tokenizer_ids_free. */
char* ltx_tokenizer_encode(const ltx_tokenizer* tokenizer, const uint8_t* text, size_t size, bool special,
                           size_t limit, uint32_t** ids, size_t* count);
void ltx_tokenizer_ids_free(uint32_t* ids, size_t count);

/* UTF-8 text of ids, not NUL-terminated; freed by ltx_tokenizer_text_free. */
char* ltx_tokenizer_decode(const ltx_tokenizer* tokenizer, const uint32_t* ids, size_t count,
                           bool skip_special, uint8_t** text, size_t* size);
void ltx_tokenizer_text_free(uint8_t* text, size_t size);

void ltx_tokenizer_error_free(char* error);

#ifdef __cplusplus
}
#endif
#endif
