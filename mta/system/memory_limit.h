// How much memory this process may have.
#pragma once

#include <cstdint>
#include <string>

namespace mxpress::mta::system {

// Octets: the memory of the machine, or the least limit of the cgroups that this process is in. Reads /proc and
// /sys/fs/cgroup; what cannot be read limits nothing.
std::uint64_t memory_limit();

// The same from files below another root, for tests.
std::uint64_t memory_limit(const std::string& root);

}  // namespace mxpress::mta::system
