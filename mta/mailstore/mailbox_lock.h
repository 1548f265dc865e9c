// The locks of a mailbox in mbox form, by Debian policy 11.6: fcntl(2), then a dot-lock.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

// Both locks on an open mailbox; releases them in reverse order.
class MailboxLock {
 public:
  // `file` must be open for reading and writing at `path`. Waits for other programs up to `patience`. The dot-lock of a dead program is
  // removed (liblockfile). Error (transient): names the holder.
  static Result<MailboxLock> take(int file, const std::string& path, std::chrono::milliseconds patience);

  MailboxLock(MailboxLock&& other) noexcept
      : file_(other.file_), dot_lock_(std::move(other.dot_lock_)), left_behind_(std::move(other.left_behind_)) {
    other.dot_lock_.clear();
  }
  MailboxLock& operator=(MailboxLock&&) = delete;
  ~MailboxLock();

  // Others may treat a lock that is five minutes old as forgotten.
  void touch() const;
  // Writes, after the process number, what would be left undone if the process died. False: it cannot.
  bool note(const std::string& text) const;
  // The note of an earlier holder of the lock that has died. Untrusted: any text, from any user.
  const std::string& left_behind() const { return left_behind_; }

 private:
  MailboxLock(int file, std::string dot_lock, std::string left_behind)
      : file_(file), dot_lock_(std::move(dot_lock)), left_behind_(std::move(left_behind)) {}
  int file_;
  std::string dot_lock_;  // its path; empty: it was moved to another object
  std::string left_behind_;
};

}  // namespace mxpress::mta::mailstore
