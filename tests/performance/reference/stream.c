// STREAM copy and triad over all cores: the independent reference for cpu.copy and cpu.triad.
// Counted as John McCalpin's STREAM counts: 2 and 3 arrays, no write-allocate traffic.
// Prints one JSON object {figure: {value, unit, method, spread}}; GB are 10^9.
//
//   gcc -O3 -fopenmp -march=native -fno-tree-loop-distribute-patterns -o stream stream.c
//   ./stream [MiB of one array: at least 4 times the last-level caches]
//
// That flag keeps gcc from making a call of memcpy, which writes past the caches on x86, out of
// the copy. A value is the median of 5 repeats, each the median of 15 passes.
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 5, PASSES = 15 };
static const double SCALE = 3.0;

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double pass(double *restrict a, const double *restrict b, const double *restrict c, size_t n,
                   int arrays) {
  const double begin = omp_get_wtime();
  if (arrays == 2) {
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; ++i) a[i] = b[i];
  } else {
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; ++i) a[i] = b[i] + SCALE * c[i];
  }
  return omp_get_wtime() - begin;
}

int main(int count, char **arguments) {
  const size_t bytes = (count > 1 ? strtoull(arguments[1], NULL, 10) : 1536) << 20;
  const size_t n = bytes / sizeof(double);
  double *a = malloc(bytes), *b = malloc(bytes), *c = malloc(bytes);
  if (!a || !b || !c) return perror("stream"), 1;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; ++i) a[i] = -1.0, b[i] = (double)(i % 1021), c[i] = (double)(i % 4093);
  const char *const names[] = {"cpu.copy", "cpu.triad"};
  for (int arrays = 2; arrays <= 3; ++arrays) {
    double repeats[REPEATS];
    for (int repeat = 0; repeat < REPEATS; ++repeat) {
      double rates[PASSES];
      pass(a, b, c, n, arrays);
      for (int i = 0; i < PASSES; ++i)
        rates[i] = (double)arrays * (double)bytes / pass(a, b, c, n, arrays) / 1e9;
      qsort(rates, PASSES, sizeof *rates, ascending);
      repeats[repeat] = rates[PASSES / 2];
    }
    for (size_t i = 0; i < n; ++i)
      if (a[i] != (arrays == 2 ? b[i] : b[i] + SCALE * c[i])) {
        fprintf(stderr, "%s: wrong result at %zu\n", names[arrays - 2], i);
        return 1;
      }
    qsort(repeats, REPEATS, sizeof *repeats, ascending);
    printf("%s\"%s\": {\"value\": %.4f, \"unit\": \"GB/s\", \"spread\": %.5f, \"method\": "
           "\"C and OpenMP, %d threads, arrays of %zu MiB of float64\"}",
           arrays == 2 ? "{" : ",\n ", names[arrays - 2], repeats[REPEATS / 2],
           (repeats[REPEATS - 1] - repeats[0]) / repeats[REPEATS / 2], omp_get_max_threads(),
           bytes >> 20);
  }
  printf("}\n");
  return 0;
}
