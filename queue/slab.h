// A chunked vector with stable addresses: growing moves no values and reserves at most a piece or two.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mxpress::queue {

// The address of a value does not change until it is popped. `kPiece`: values per piece; a power of two.
template <class Value, std::size_t kPiece = 256>
class Slab {
 public:
  Value& operator[](std::size_t place) { return (*pieces_[place / kPiece])[place % kPiece]; }
  const Value& operator[](std::size_t place) const { return (*pieces_[place / kPiece])[place % kPiece]; }
  Value& front() { return (*this)[0]; }
  const Value& front() const { return (*this)[0]; }
  Value& back() { return (*this)[size_ - 1]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  Value& push_back(Value value) {
    if (size_ == pieces_.size() * kPiece) pieces_.push_back(std::make_unique<Piece>());
    return (*this)[size_++] = std::move(value);
  }
  void pop_back() {
    back() = Value{};
    --size_;
    if (size_ + 2 * kPiece <= pieces_.size() * kPiece) pieces_.pop_back();  // keeps one empty piece, so that push and pop do not reallocate
  }

 private:
  static_assert((kPiece & (kPiece - 1)) == 0);
  using Piece = std::array<Value, kPiece>;
  std::vector<std::unique_ptr<Piece>> pieces_;
  std::size_t size_ = 0;
};

}  // namespace mxpress::queue
