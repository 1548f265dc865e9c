// The memory that this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace mxpress::mta::system {

// Octets: the memory of the machine, or the lowest limit of this process's cgroups. Reads /proc and /sys/fs/cgroup; unreadable files limit
// nothing.
std::uint64_t memory_limit();

// The same from files below another root, for tests.
std::uint64_t memory_limit(const std::string& root);

}  // namespace mxpress::mta::system
