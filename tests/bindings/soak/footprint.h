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

/* Prints both. Returns 0 if `after` is not larger than `before`, save for what an allocator may keep for
 * itself. */
int footprint_grew(const char* what, const footprint* before, const footprint* after);

#endif
