// All that owners can make the daemon hold, added up: with every budget used up at once it lives in 512 MiB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mxpress::mta {

// Octets of everything but mail that waits, at most.
std::uint64_t memory_beside_waiting_mail(std::size_t workers);

// Octets for mail that waits where the daemon may have `limit`: notices have a quarter more than that (queue/waiting_mail.h).
std::uint64_t memory_of_waiting_mail(std::uint64_t limit, std::size_t workers);

}  // namespace mxpress::mta
