// The sum of all memory that mail owners can make the daemon use: with all budgets used up it fits into 512 MiB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mxpress::mta {

// Maximum octets of everything except waiting mail.
std::uint64_t memory_beside_waiting_mail(std::size_t workers);

// Octets for waiting mail if the daemon may use `limit`: notices get a quarter more (queue/waiting_mail.h).
std::uint64_t memory_of_waiting_mail(std::uint64_t limit, std::size_t workers);

}  // namespace mxpress::mta
