// A value that can be reached only through its lock.
#pragma once

#include <mutex>
#include <utility>

namespace mxpress::queue {

template <class T>
class Guarded {
 public:
  class Access {
   public:
    T* operator->() { return &value_; }
    T& operator*() { return value_; }
    std::unique_lock<std::mutex>& native() { return lock_; }  // for condition variables
    void unlock() { lock_.unlock(); }

   private:
    friend class Guarded;
    explicit Access(Guarded& owner) : lock_(owner.mutex_), value_(owner.value_) {}
    std::unique_lock<std::mutex> lock_;
    T& value_;
  };

  // Constructs the value from these arguments.
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
  Access lock() { return Access(*this); }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace mxpress::queue
