// Memory and transfer bandwidth of one GPU, in CUDA C++ alone: the independent reference for the
// figures memory.* and transfer.*. Prints one JSON object {figure: {value, unit, method, spread}}.
//
//   nvcc -O3 -arch=native -o reference reference.cu && ./reference
//
// Every figure is the median of 5 repeats; a repeat is the median of 10 samples of some 20 ms each
// between two CUDA events. spread is (largest - smallest) / median of the repeats. GB are 10^9.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#define CHECK(call)                                                                      \
  do {                                                                                   \
    cudaError_t status = (call);                                                         \
    if (status != cudaSuccess) {                                                         \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));    \
      exit(1);                                                                           \
    }                                                                                    \
  } while (0)

constexpr size_t kBytes = size_t(1) << 30;          // one buffer on the GPU
constexpr size_t kTransferBytes = size_t(1) << 28;  // one buffer that crosses the link
constexpr size_t kVectors = kBytes / sizeof(float4);
constexpr int kUnroll = 4;
constexpr float kScale = 3.0f;

// All kernels: consecutive threads take consecutive 16-byte vectors, kUnroll of them in flight.
#define FOR_VECTORS(first)                                                               \
  const size_t stride = size_t(gridDim.x) * blockDim.x;                                  \
  for (size_t first = size_t(blockIdx.x) * blockDim.x + threadIdx.x; first < kVectors;   \
       first += stride * kUnroll)
#define EACH(index, first)                                                               \
  _Pragma("unroll") for (int u = 0; u < kUnroll; ++u)                                    \
    if (const size_t index = first + u * stride; index < kVectors)

__global__ void copy_kernel(float4* a, const float4* b, const float4*) {
  FOR_VECTORS(first) {
    float4 x[kUnroll];
    EACH(i, first) x[u] = __ldcs(b + i);
    EACH(i, first) __stcs(a + i, x[u]);
  }
}

__global__ void triad_kernel(float4* a, const float4* b, const float4* c) {
  FOR_VECTORS(first) {
    float4 x[kUnroll], y[kUnroll];
    EACH(i, first) x[u] = __ldcs(b + i), y[u] = __ldcs(c + i);
    EACH(i, first)
    __stcs(a + i, make_float4(x[u].x + kScale * y[u].x, x[u].y + kScale * y[u].y,
                              x[u].z + kScale * y[u].z, x[u].w + kScale * y[u].w));
  }
}

__global__ void write_kernel(float4* a, const float4*, const float4*) {
  FOR_VECTORS(first) {
    EACH(i, first) __stcs(a + i, make_float4(1.25f, 2.5f, -3.75f, 5.0f));
  }
}

// The sum goes to the first number of a buffer that is not the one read.
__global__ void read_kernel(float4* a, const float4* b, const float4*) {
  float sum = 0;
  FOR_VECTORS(first) {
    float4 x[kUnroll];
    EACH(i, first) x[u] = __ldcs(b + i);
    EACH(i, first) sum += x[u].x + x[u].y + x[u].z + x[u].w;
  }
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (threadIdx.x % 32 == 0) atomicAdd(reinterpret_cast<float*>(a), sum);
}

// Small whole numbers, so that every sum of a few of them is exact.
__device__ float number(uint64_t seed) {
  seed = (seed ^ (seed >> 31)) * 0x9E3779B97F4A7C15ull;
  return float(int((seed >> 40) % 201) - 100);
}
__global__ void fill_kernel(float* to, uint64_t seed) {
  for (size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x; i < kVectors * 4;
       i += size_t(gridDim.x) * blockDim.x)
    to[i] = number(i + seed);
}
enum Kind { kCopy, kTriad, kRead, kWrite };
__global__ void mistakes_kernel(const float* a, const float* b, const float* c, int kind,
                                unsigned long long* mistakes) {
  const float pattern[4] = {1.25f, 2.5f, -3.75f, 5.0f};
  for (size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x; i < kVectors * 4;
       i += size_t(gridDim.x) * blockDim.x) {
    const float wanted = kind == kCopy ? b[i] : kind == kTriad ? b[i] + kScale * c[i] : pattern[i % 4];
    if (a[i] != wanted) atomicAdd(mistakes, 1ull);
  }
}

static double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// Seconds of one `work`, `count` of them between two events on the default stream.
static double seconds(const std::function<void()>& work, int count) {
  static cudaEvent_t start = nullptr, stop = nullptr;
  if (!start) {
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&stop));
  }
  CHECK(cudaEventRecord(start));
  for (int i = 0; i < count; ++i) work();
  CHECK(cudaEventRecord(stop));
  CHECK(cudaEventSynchronize(stop));
  CHECK(cudaGetLastError());
  float milliseconds = 0;
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  return milliseconds / 1000.0 / count;
}

static bool first_line = true;
static double report(const char* name, double bytes, const std::function<void()>& work,
                     const std::string& method, int samples = 10) {
  for (int i = 0; i < 3; ++i) seconds(work, 1);
  const int count = std::max(1, int(0.02 / seconds(work, 2) + 0.5));
  std::vector<double> repeats;
  for (int repeat = 0; repeat < 5; ++repeat) {
    usleep(50000);
    seconds(work, count);
    std::vector<double> rates;
    for (int sample = 0; sample < samples; ++sample)
      rates.push_back(bytes / seconds(work, count) / 1e9);
    repeats.push_back(median(rates));
  }
  const double value = median(repeats);
  const auto [low, high] = std::minmax_element(repeats.begin(), repeats.end());
  printf("%s\"%s\": {\"value\": %.4f, \"unit\": \"GB/s\", \"spread\": %.5f, \"method\": \"%s\"}",
         first_line ? "{" : ",\n ", name, value, (*high - *low) / value, method.c_str());
  fflush(stdout);
  first_line = false;
  return value;
}

using Kernel = void (*)(float4*, const float4*, const float4*);

static void memory(const char* name, Kernel kernel, Kind kind, double bytes, float4* a, float4* b,
                   float4* c, int multiprocessors) {
  struct Shape { int blocks, threads; };
  std::vector<Shape> shapes;
  for (int threads : {256, 512, 1024}) {
    for (int each : {1, 2, 4, 8, 16, 32, 64}) shapes.push_back({multiprocessors * each, threads});
    shapes.push_back({int((kVectors + threads * kUnroll - 1) / (threads * kUnroll)), threads});
  }
  Shape best{};
  double shortest = 1e9;
  for (const Shape shape : shapes) {
    auto work = [&] { kernel<<<shape.blocks, shape.threads>>>(a, b, c); };
    seconds(work, 1);
    const double taken = seconds(work, 6);
    if (taken < shortest) shortest = taken, best = shape;
  }
  CHECK(cudaMemset(a, 0xFF, kBytes));  // NaN everywhere
  auto work = [&] { kernel<<<best.blocks, best.threads>>>(a, b, c); };
  const std::string shape = std::to_string(best.blocks) + " blocks of " + std::to_string(best.threads);
  report(name, bytes, work,
         "CUDA kernel, float4, " + std::to_string(kUnroll) + " in flight, " + shape +
             " threads (the best of " + std::to_string(shapes.size()) + "), buffers of 1 GiB");
  unsigned long long mistakes = 0;
  if (kind == kRead) {  // against the same sum by another division of the work
    float sums[2] = {0, 0};
    for (const Shape shape : {best, Shape{multiprocessors, 64}}) {
      CHECK(cudaMemset(a, 0, sizeof(float4)));
      kernel<<<shape.blocks, shape.threads>>>(a, b, c);
      CHECK(cudaMemcpy(&sums[shape.threads == 64], a, sizeof(float), cudaMemcpyDeviceToHost));
    }
    mistakes = sums[0] == 0 || std::abs(sums[0] - sums[1]) > 1e-2f * std::abs(sums[1]);
  } else {
    unsigned long long* counted = nullptr;
    CHECK(cudaMalloc(&counted, sizeof *counted));
    CHECK(cudaMemset(counted, 0, sizeof *counted));
    mistakes_kernel<<<multiprocessors * 8, 256>>>((float*)a, (float*)b, (float*)c, kind, counted);
    CHECK(cudaMemcpy(&mistakes, counted, sizeof *counted, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(counted));
  }
  if (mistakes != 0) {
    fprintf(stderr, "%s: %llu wrong results\n", name, mistakes);
    exit(1);
  }
}

int main() {
  cudaDeviceProp device;
  CHECK(cudaGetDeviceProperties(&device, 0));
  const int multiprocessors = device.multiProcessorCount;
  float4 *a, *b, *c;
  CHECK(cudaMalloc(&a, kBytes));
  CHECK(cudaMalloc(&b, kBytes));
  CHECK(cudaMalloc(&c, kBytes));
  fill_kernel<<<multiprocessors * 8, 256>>>((float*)b, 1);
  fill_kernel<<<multiprocessors * 8, 256>>>((float*)c, 1ull << 40);
  CHECK(cudaDeviceSynchronize());
  auto warm = [&] { copy_kernel<<<multiprocessors * 8, 512>>>(a, b, c); };
  for (int i = 0; i < 20; ++i) seconds(warm, 20);

  memory("memory.copy", copy_kernel, kCopy, 2.0 * kBytes, a, b, c, multiprocessors);
  memory("memory.triad", triad_kernel, kTriad, 3.0 * kBytes, a, b, c, multiprocessors);
  memory("memory.read", read_kernel, kRead, 1.0 * kBytes, a, b, c, multiprocessors);
  memory("memory.write", write_kernel, kWrite, 1.0 * kBytes, a, b, c, multiprocessors);
  report("memory.copy (cudaMemcpyAsync)", 2.0 * kBytes,
         [&] { CHECK(cudaMemcpyAsync(a, b, kBytes, cudaMemcpyDeviceToDevice)); },
         "cudaMemcpyAsync device to device, 1 GiB");
  report("memory.write (cudaMemsetAsync)", 1.0 * kBytes,
         [&] { CHECK(cudaMemsetAsync(a, 0x5A, kBytes)); }, "cudaMemsetAsync, 1 GiB");

  const size_t n = kTransferBytes;
  char *pinned, *other;
  CHECK(cudaMallocHost(&pinned, n));
  CHECK(cudaMallocHost(&other, n));
  // As torch aligns it, 64 bytes into a page, where a CPU wrote 12.6 GB/s: to a block of malloc,
  // which begins 16 bytes into one, it wrote 10.2, to one that begins with a page 13.8.
  char* pageable = static_cast<char*>(aligned_alloc(64, n));
  std::fill(pageable, pageable + n, 1);  // touched
  CHECK(cudaMemcpy(pinned, b, n, cudaMemcpyDeviceToHost));
  auto copy = [](void* to, const void* from, cudaMemcpyKind kind, cudaStream_t stream = nullptr) {
    CHECK(cudaMemcpyAsync(to, from, n, kind, stream));
  };
  const std::string size = ", 256 MiB, cudaMemcpyAsync";
  report("transfer.to_device_pinned", n, [&] { copy(a, pinned, cudaMemcpyHostToDevice); },
         "cudaMallocHost" + size);
  report("transfer.to_host_pinned", n, [&] { copy(pinned, b, cudaMemcpyDeviceToHost); },
         "cudaMallocHost" + size);
  report("transfer.to_device_pageable", n, [&] { copy(a, pageable, cudaMemcpyHostToDevice); },
         "aligned_alloc, touched before" + size, 5);
  report("transfer.to_host_pageable", n, [&] { copy(pageable, b, cudaMemcpyDeviceToHost); },
         "aligned_alloc, touched before" + size, 5);
  cudaStream_t streams[2];
  cudaEvent_t begin, ends[2];
  CHECK(cudaEventCreateWithFlags(&begin, cudaEventDisableTiming));
  for (int i = 0; i < 2; ++i) {
    CHECK(cudaStreamCreateWithFlags(&streams[i], cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&ends[i], cudaEventDisableTiming));
  }
  report("transfer.both_ways_pinned", 2.0 * n, [&] {
    CHECK(cudaEventRecord(begin));
    for (cudaStream_t stream : streams) CHECK(cudaStreamWaitEvent(stream, begin));
    copy(a, pinned, cudaMemcpyHostToDevice, streams[0]);
    copy(other, b, cudaMemcpyDeviceToHost, streams[1]);
    for (int i = 0; i < 2; ++i) {
      CHECK(cudaEventRecord(ends[i], streams[i]));
      CHECK(cudaStreamWaitEvent(nullptr, ends[i]));
    }
  }, "cudaMallocHost, two streams, bytes of both directions" + size);
  CHECK(cudaDeviceSynchronize());
  std::vector<char> expected(n);
  CHECK(cudaMemcpy(expected.data(), b, n, cudaMemcpyDeviceToHost));
  if (!std::equal(expected.begin(), expected.end(), other)) {
    fprintf(stderr, "transfer: what arrived differs from what was sent\n");
    return 1;
  }
  printf("}\n");
  return 0;
}
