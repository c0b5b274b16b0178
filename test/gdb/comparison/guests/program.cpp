// What debug information of C++ can say: classes, bases, references, namespaces, templates, scoped
// enumerations, operators, lambdas, members that are static.
namespace geometry {

enum class Axis : unsigned char { X, Y = 3, Z };

template <typename T> struct Point {
  T x, y;
  Point operator+(const Point &other) const { return {T(x + other.x), T(y + other.y)}; }
};

class Shape {
public:
  explicit Shape(int id) : id(id) { ++count; }
  virtual long area() const = 0;
  int identity() const { return id; }
  static int count;

protected:
  int id;
  bool visible = true;
};

int Shape::count = 0;

class Rectangle : public Shape {
public:
  Rectangle(int id, Point<int> low, Point<int> high) : Shape(id), low(low), high(high) {}
  __attribute__((noinline)) long area() const override {
    int width = high.x - low.x;
    int height = high.y - low.y;
    return long(width) * height;
  }

private:
  Point<int> low, high;
};

class Cube final : public Rectangle {
public:
  Cube(int id, int side) : Rectangle(id, {0, 0}, {side, side}), side(side) {}
  __attribute__((noinline)) long area() const override {
    long face = Rectangle::area();
    return 6 * face;
  }
  Axis up = Axis::Z;

private:
  int side;
};

}  // namespace geometry

namespace {

volatile long sink;

template <typename T, int N> struct Stack {
  T items[N] = {};
  unsigned depth = 0;
  void push(const T &item) { items[depth++] = item; }
  T pop() { return items[--depth]; }
  template <typename F> __attribute__((noinline)) long fold(F combine) const {
    long total = 0;
    for (unsigned i = 0; i < depth; ++i) total = combine(total, items[i]);
    return total;
  }
};

__attribute__((noinline)) long measure(const geometry::Shape &shape, long &total) {
  long area = shape.area();
  total += area;
  sink = shape.identity();
  return area;
}

template <typename T> __attribute__((noinline)) T largest(const T *values, int count) {
  T best = values[0];
  for (int i = 1; i < count; ++i) {
    const T &candidate = values[i];
    if (candidate > best) best = candidate;
  }
  return best;
}

__attribute__((noinline)) int through(int &&moved, int *const &pointer, bool flag) {
  int &alias = *pointer;
  alias += moved;
  return flag ? alias : moved;
}

}  // namespace

extern "C" void *memset(void *to, int value, unsigned long size) {
  char *bytes = static_cast<char *>(to);
  for (unsigned long i = 0; i < size; ++i) {
    bytes[i] = char(value);
    asm volatile("");
  }
  return to;
}

extern "C" void *memcpy(void *to, const void *from, unsigned long size) {
  for (unsigned long i = 0; i < size; ++i) {
    static_cast<char *>(to)[i] = static_cast<const char *>(from)[i];
    asm volatile("");
  }
  return to;
}

extern "C" void __cxa_pure_virtual() {
  for (;;) asm volatile("wfi");
}

extern "C" int main() {
  using geometry::Point;
  geometry::Rectangle rectangle(1, {2, 3}, {12, 8});
  geometry::Cube cube(2, 4);
  const Point<short> left{1, -2};
  const Point<short> sum = left + Point<short>{10, 20};
  long total = 0;
  measure(rectangle, total);
  measure(cube, total);
  Stack<int, 6> stack;
  for (int i = 0; i < 5; ++i) stack.push(i * i - 3);
  int top = stack.pop();
  int factor = 3;
  total += stack.fold([&](long so_far, int item) {
    long product = long(item) * factor;
    return so_far + product + top;
  });
  double numbers[] = {1.25, -8, 2.5, 0.125};
  total += long(largest(numbers, 4) * 8);
  const char letters[] = "trapline";
  total += largest(letters, 8);
  total += through(7, &factor, sum.x > 5);
  sink = total + geometry::Shape::count;
  return int(total);
}
