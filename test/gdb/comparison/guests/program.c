/* What debug information of C can say: inlined calls within inlined calls, loops whose variables
 * move between registers, structs, unions, bit-fields, enums, arrays, pointers, floating point. */
typedef unsigned long size_type;
typedef unsigned char byte;

enum shape_kind { CIRCLE, SQUARE = 4, TRIANGLE, NOTHING = -1 };
enum permission { MAY_READ = 1, MAY_WRITE = 2, MAY_RUN = 4 };

struct vector {
  float x, y;
  double length;
};

struct registers {
  unsigned enable : 1;
  unsigned mode : 3;
  int level : 6;
  unsigned long long address : 40;
  _Bool busy : 1;
};

struct __attribute__((packed)) header {
  byte tag;
  unsigned length;
  short values[3];
};

struct shape {
  const char *name;
  enum shape_kind kind;
  union {
    struct {
      int radius;
    };
    int side;
    byte raw[4];
  };
  struct vector center;
  struct shape *next;
  long (*area)(const struct shape *);
};

struct tree {
  struct tree *left, *right;
  int key;
};

volatile long sink;
int table[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, -12}};
static const struct vector unit = {1.5f, -0.25f, 1.0 / 3};
static unsigned long long state = 88172645463325252ull;
static struct tree nodes[8];
static int used;

static inline unsigned long long next_random(void) {
  unsigned long long value = state;
  value ^= value << 13;
  value ^= value >> 7;
  value ^= value << 17;
  state = value;
  return value;
}

static inline int clamp(int value, int low, int high) {
  int result = value;
  if (result < low) result = low;
  if (result > high) result = high;
  return result;
}

static inline int bounded_random(int limit) {
  int drawn = (int)(next_random() % 1000);
  return clamp(drawn, 1, limit);
}

static long circle_area(const struct shape *shape) {
  long square = (long)shape->radius * shape->radius;
  return square * 314 / 100;
}

static long square_area(const struct shape *shape) { return (long)shape->side * shape->side; }

__attribute__((noinline)) static struct tree *insert(struct tree *root, int key) {
  if (!root) {
    struct tree *node = &nodes[used++];
    node->key = key;
    return node;
  }
  if (key < root->key) {
    root->left = insert(root->left, key);
  } else {
    root->right = insert(root->right, key);
  }
  return root;
}

__attribute__((noinline)) static int depth(const struct tree *root) {
  if (!root) return 0;
  int left = depth(root->left);
  int right = depth(root->right);
  return 1 + (left > right ? left : right);
}

__attribute__((noinline)) static double average(const float *values, int count, double *variance) {
  double sum = 0, squares = 0;
  for (int i = 0; i < count; i++) {
    double value = values[i];
    sum += value;
    squares += value * value;
  }
  double mean = sum / count;
  *variance = squares / count - mean * mean;
  return mean;
}

__attribute__((noinline)) static void sort(int *values, size_type count) {
  for (size_type i = 1; i < count; i++) {
    int moved = values[i];
    size_type hole = i;
    while (hole > 0 && values[hole - 1] > moved) {
      values[hole] = values[hole - 1];
      hole--;
    }
    values[hole] = moved;
  }
}

__attribute__((noinline)) static unsigned checksum(const byte *bytes, size_type length, unsigned seed) {
  unsigned low = seed & 0xffff, high = seed >> 16;
  for (const byte *at = bytes, *end = bytes + length; at != end; ++at) {
    low = (low + *at) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16 | low;
}

__attribute__((noinline)) static const char *describe(enum shape_kind kind, enum permission may) {
  switch (kind) {
    case CIRCLE: {
      const char *text = "round";
      return may & MAY_WRITE ? text : "fixed";
    }
    case SQUARE: return "square";
    case TRIANGLE: return "pointed";
    default: {
      int code = (int)kind;
      sink = code;
      return "none";
    }
  }
}

__attribute__((noinline)) static long by_value(struct vector vector, struct header header, int extra) {
  long total = (long)(vector.x * 100) + (long)vector.length + extra;
  for (unsigned i = 0; i < 3; i++) total += header.values[i];
  return total + header.tag;
}

__attribute__((noinline)) static int many(int a, int b, int c, int d, int e, int f, int g, int h, int i, long j) {
  int first = a + b * c - d;
  int second = e ^ f ^ g ^ h;
  sink = first;
  return first + second + i + (int)j;
}

__attribute__((noinline)) static int even(int n);
__attribute__((noinline)) static int odd(int n) { return n == 0 ? 0 : even(n - 1); }
__attribute__((noinline)) static int even(int n) { return n == 0 ? 1 : odd(n - 1); }

int main(void) {
  struct shape last = {.name = "square", .kind = SQUARE, .side = 12, .area = square_area};
  struct shape first = {
      .name = "circle", .kind = CIRCLE, .radius = 5, .center = unit, .next = &last, .area = circle_area};
  struct registers device = {1, 5, -17, 0x123456789aull, 1};
  struct header header = {7, 0x01020304, {-1, 2, -3}};
  enum permission may = MAY_READ | MAY_RUN;
  float samples[5] = {1.5f, -2.25f, 1e10f, 0.1f, 3};
  int numbers[9];
  double variance = 0;
  long total = 0;

  for (struct shape *shape = &first; shape; shape = shape->next) {
    long area = shape->area(shape);
    total += area;
    sink = (long)describe(shape->kind, may);
  }
  for (int i = 0; i < 9; i++) {
    int drawn = bounded_random(500);
    numbers[i] = drawn;
    total += clamp(drawn, 10, 20);
  }
  sort(numbers, 9);
  struct tree *root = 0;
  for (int i = 0; i < 6; i++) {
    root = insert(root, numbers[(i * 4) % 9]);
  }
  total += depth(root);
  double mean = average(samples, 5, &variance);
  total += (long)mean + (long)variance;
  device.level += 3;
  device.address -= 1;
  total += device.level + (long)device.address;
  total += by_value(unit, header, 9);
  total += many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10l);
  total += even(5);
  sink = checksum((const byte *)&header, sizeof header, 1) + table[2][3];
  sink += total;
  return (int)total;
}
