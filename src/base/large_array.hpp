// Many elements, all of them zero at first, that are looked into all over: in large pages where the
// kernel has some, for the way to a page that was not used lately costs more than the look itself.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace rollcall {

// Zeroed, to be given back by free_large_memory. Throws std::bad_alloc.
void* large_memory(size_t bytes);
void free_large_memory(void* memory, size_t bytes);

template <class T>
class LargeArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  LargeArray() = default;
  explicit LargeArray(size_t size)
      : elements_(size == 0 ? nullptr : static_cast<T*>(large_memory(size * sizeof(T)))),
        size_(size) {}
  ~LargeArray() {
    if (elements_ != nullptr) free_large_memory(elements_, size_ * sizeof(T));
  }
  LargeArray(LargeArray&& other) noexcept
      : elements_(std::exchange(other.elements_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  LargeArray& operator=(LargeArray&& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
    return *this;
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return elements_[i]; }
  const T& operator[](size_t i) const { return elements_[i]; }
  [[nodiscard]] const T* begin() const { return elements_; }
  [[nodiscard]] const T* end() const { return elements_ + size_; }

 private:
  T* elements_ = nullptr;
  size_t size_ = 0;
};

}  // namespace rollcall
