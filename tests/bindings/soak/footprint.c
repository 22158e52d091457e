#define _GNU_SOURCE
#include "footprint.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

/* Live heap may differ by what threads keep in their own caches; resident memory also by free pages that are
 * not given back. */
static const long kHeapSlack = 48L << 10, kResidentSlack = 24L << 20, kMappingSlack = 24;

static long entries(const char* folder) {
  long count = 0;
  DIR* dir = opendir(folder);
  if (dir == NULL) return -1;
  while (readdir(dir)) ++count;
  closedir(dir);
  return count;
}

static long mappings(void) {
  long lines = 0;
  int c;
  FILE* file = fopen("/proc/self/maps", "r");
  if (file == NULL) return -1;
  while ((c = getc(file)) != EOF) lines += c == '\n';
  fclose(file);
  return lines;
}

static long resident(void) {
  long all = 0, pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL) return -1;
  if (fscanf(file, "%ld %ld", &all, &pages) != 2) pages = -1;
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

footprint footprint_now(void) {
  footprint now;
  struct mallinfo2 heap;
  malloc_trim(0);
  heap = mallinfo2();
  now.heap = (long)(heap.uordblks + heap.hblkhd);
  now.resident = resident();
  now.descriptors = entries("/proc/self/fd");
  now.threads = entries("/proc/self/task");
  now.mappings = mappings();
  return now;
}

static void print(const char* what, const footprint* f) {
  printf("  %-7s heap %9ld KiB, resident %9ld KiB, %3ld descriptors, %3ld threads, %5ld mappings\n", what,
         f->heap >> 10, f->resident >> 10, f->descriptors, f->threads, f->mappings);
}

int footprint_grew(const char* what, const footprint* before, const footprint* after) {
  const int grew = after->heap > before->heap + kHeapSlack ||
                   after->resident > before->resident + kResidentSlack ||
                   after->descriptors > before->descriptors || after->threads > before->threads ||
                   after->mappings > before->mappings + kMappingSlack;
  printf("%s%s\n", what, grew ? ": GREW" : "");
  print("half", before);
  print("end", after);
  fflush(stdout);
  return grew;
}
