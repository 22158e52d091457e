#define _GNU_SOURCE
#include "footprint.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

/* Live heap may differ by what threads keep in their own caches; resident memory also by free pages that are
 * not given back. */
static const long kHeapSlack = 32L << 10, kResidentSlack = 8L << 20, kMappingSlack = 24;

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

static long median(long a, long b, long c) {
  if (a > b) return median(b, a, c);
  return c < a ? a : c < b ? c : b;
}

footprint footprint_median(const footprint* three) {
  footprint of;
  of.heap = median(three[0].heap, three[1].heap, three[2].heap);
  of.resident = median(three[0].resident, three[1].resident, three[2].resident);
  of.descriptors = median(three[0].descriptors, three[1].descriptors, three[2].descriptors);
  of.threads = median(three[0].threads, three[1].threads, three[2].threads);
  of.mappings = median(three[0].mappings, three[1].mappings, three[2].mappings);
  return of;
}

int footprint_grew(const char* what, const footprint* middle, const footprint* last) {
  const int grew = last->heap > middle->heap + kHeapSlack ||
                   last->resident > middle->resident + kResidentSlack ||
                   last->descriptors > middle->descriptors || last->threads > middle->threads ||
                   last->mappings > middle->mappings + kMappingSlack;
  printf("%s%s\n", what, grew ? ": GREW" : "");
  print("middle", middle);
  print("last", last);
  fflush(stdout);
  return grew;
}
