// The system calls by which a mailbox changes, so that a test can have one fail.
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

// Writes all of `octets`, however many calls that takes. False: errno says why.
bool write_all(const FileCalls& calls, int file, std::string_view octets);

// Makes the names in an open folder durable.
Status sync_folder(const FileCalls& calls, int folder, const std::string& path);

}  // namespace mxpress::mta::mailstore
