// Objects of the C++ library as a freestanding program may have them, with the memory they need from
// an array of its own. What is in each is said here; gdb's printers of the library say it too.
#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

alignas(16) static unsigned char heap[16384];
static std::size_t used;

void *operator new(std::size_t size) {
  void *place = heap + used;
  used += (size + 15) & ~std::size_t(15);
  return place;
}
void operator delete(void *) noexcept {}
void operator delete(void *, std::size_t) noexcept {}

extern "C" {
std::size_t strlen(const char *text) {
  std::size_t length = 0;
  while (text[length]) length++;
  return length;
}
int memcmp(const void *a, const void *b, std::size_t size) {
  auto *left = static_cast<const unsigned char *>(a), *right = static_cast<const unsigned char *>(b);
  for (std::size_t i = 0; i < size; i++)
    if (left[i] != right[i]) return left[i] - right[i];
  return 0;
}
void *memmove(void *to, const void *from, std::size_t size) {
  auto *target = static_cast<unsigned char *>(to);
  auto *source = static_cast<const unsigned char *>(from);
  for (std::size_t i = 0; i < size; i++) {
    std::size_t at = target < source ? i : size - 1 - i;
    target[at] = source[at];
  }
  return to;
}
}

// What the library calls where it would throw.
namespace std {
[[noreturn]] static void stop() {
  for (;;) __asm__ volatile("");
}
void __throw_length_error(const char *) { stop(); }
void __throw_logic_error(const char *) { stop(); }
void __throw_bad_alloc() { stop(); }
void __throw_bad_array_new_length() { stop(); }
void __throw_out_of_range_fmt(const char *, ...) { stop(); }
}  // namespace std

struct Point {
  int x, y;
};
enum class Color : std::uint8_t { red, green, blue };

extern "C" __attribute__((noinline)) void checkpoint(const void *) { __asm__ volatile(""); }

template <typename... T>
static void keep(const T &...values) {
  const void *places[] = {&values...};
  checkpoint(places);
}

extern "C" int main() {
  std::array<int, 3> array{1, -2, 3};
  std::array<Point, 2> points{{{1, 2}, {3, 4}}};
  std::array<int, 0> nothing{};
  std::string short_text = "short";
  std::string long_text = "a text that is longer than what stands in the object itself";
  std::string no_text;
  std::string_view view = std::string_view(long_text).substr(2, 4);
  std::vector<std::uint16_t> numbers{5, 6, 7, 8};
  std::vector<Point> path{{1, 2}, {-3, 4}};
  std::vector<std::string> words{"one", "two", "three"};
  std::vector<std::vector<int>> nested{{1, 2}, {}, {3}};
  std::vector<int> empty;
  std::span<int> span = array;
  std::span<Point, 2> fixed_span = points;
  std::optional<int> some = 7;
  std::optional<int> none;
  std::optional<Point> some_point = Point{8, 9};
  std::optional<std::string> some_text = "inside";
  auto owner = std::make_unique<Point>(Point{10, 11});
  std::unique_ptr<int> nobody;
  std::atomic<int> counter = 42;
  std::atomic<bool> flag = true;
  std::atomic<Color> color = Color::blue;
  std::atomic<Point *> atomic_pointer = owner.get();
  std::map<int, Point> by_number{{3, {3, 30}}, {1, {1, 10}}, {2, {2, 20}}};
  std::map<std::string, int> by_name{{"b", 2}, {"a", 1}, {"c", 3}};
  std::map<int, int> empty_map;
  std::set<int> set{9, 1, 5};
  std::pair<int, const char *> pair{4, "four"};
  std::tuple<int, bool, Point> tuple{1, true, {5, 6}};
  std::variant<int, Point> variant = Point{12, 13};
  std::initializer_list<int> list = {21, 22, 23};
  std::vector<std::optional<int>> options{1, std::nullopt, 3};
  Point &reference = path[0];
  std::vector<int> &vector_reference = nested[0];
  const std::vector<int> *vector_pointer = &nested[0];
  keep(array, points, nothing, short_text, long_text, no_text, view, numbers, path, words, nested,
       empty, span, fixed_span, some, none, some_point, some_text, owner, nobody, counter, flag, color,
       atomic_pointer, by_number, by_name, empty_map, set, pair, tuple, variant, list, options,
       reference, vector_reference, vector_pointer);
  return 0;
}
