// The system calls that change a mailbox, as an interface, so that a test can make one fail.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

struct FileCalls {
  ssize_t (*write)(int file, const void* octets, std::size_t size) = ::write;
  int (*fsync)(int file) = ::fsync;
  int (*ftruncate)(int file, off_t size) = ::ftruncate;
};

// "cannot write /var/mail/bob: No space left on device", transient. By errno.
Error failed_to(const char* doing, const std::string& path);

// Writes all of `octets`, with as many calls as needed. False: errno has the reason.
bool write_all(const FileCalls& calls, int file, std::string_view octets);

// Makes the names in an open folder durable.
Status sync_folder(const FileCalls& calls, int folder, const std::string& path);

}  // namespace mxpress::mta::mailstore
