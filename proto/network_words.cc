// Reads the reason of a failed connection from its words.
#include "proto/network_words.h"

namespace mxpress::proto {
namespace {

struct Meaning {
  std::string_view words;
  ConnectFailure failure;
};

constexpr Meaning kMeanings[] = {
    {kConnectionRefused, ConnectFailure::refused},   {kConnectionTimedOut, ConnectFailure::no_answer},
    {kNetworkUnreachable, ConnectFailure::no_route}, {kNoRoute, ConnectFailure::no_route},
    {kNetworkDown, ConnectFailure::no_route},        {kNoAddressFamily, ConnectFailure::no_route},
    {kNotPermitted, ConnectFailure::prohibited},     {kTooManyFiles, ConnectFailure::resources},
    {kNoBufferSpace, ConnectFailure::resources},     {kNoLocalAddress, ConnectFailure::resources},
};

}  // namespace

ConnectFailure connect_failure(const HostResult& result) {
  for (const Meaning& meaning : kMeanings)
    if (result.text.starts_with(meaning.words)) return meaning.failure;
  return ConnectFailure::other;
}

}  // namespace mxpress::proto
