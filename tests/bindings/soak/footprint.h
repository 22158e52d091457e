/* What a process holds: live heap bytes, resident bytes, descriptors, threads, mappings. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

typedef struct footprint {
  long heap;        /* bytes allocated and not freed, in all arenas and mapped blocks */
  long resident;    /* bytes */
  long descriptors; /* open files */
  long threads;
  long mappings;
} footprint;

footprint footprint_now(void);

/* Of three, each number on its own. */
footprint footprint_median(const footprint* three);

/* Prints both. Returns 0 if `last` is not larger than `middle`, save for what an allocator may keep for
 * itself. */
int footprint_grew(const char* what, const footprint* middle, const footprint* last);

#endif
