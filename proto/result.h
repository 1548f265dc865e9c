// Errors as values: Result<T> is a T or an Error, which is either transient or permanent.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace mxpress::proto {

enum class Permanence { transient, permanent };

// A failure in one sentence, with the action to take if that is known.
struct [[nodiscard]] Error {
  std::string message;
  Permanence permanence = Permanence::permanent;

  static Error transient(std::string message) { return {std::move(message), Permanence::transient}; }
  static Error permanent(std::string message) { return {std::move(message), Permanence::permanent}; }
  bool is_transient() const { return permanence == Permanence::transient; }
};

// A T or an Error. Reading the value of a failed result is a bug and throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace mxpress::proto

namespace mxpress {
using proto::Error;
using proto::Result;
using proto::Status;
}  // namespace mxpress
