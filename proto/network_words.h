// The words for failed connections. The stream writes them, the spool stores them, notices and `mxpress show` explain them.
#pragma once

#include <string_view>

#include "proto/outcome.h"

namespace mxpress::proto {

inline constexpr std::string_view kConnectionRefused = "connection refused";
inline constexpr std::string_view kConnectionTimedOut = "connection timed out";  // perhaps followed by the time
inline constexpr std::string_view kNetworkUnreachable = "network is unreachable";
inline constexpr std::string_view kNoRoute = "no route to host";
inline constexpr std::string_view kNetworkDown = "network is down";
inline constexpr std::string_view kNotPermitted = "not permitted (by a firewall of this machine?)";
inline constexpr std::string_view kTooManyFiles = "too many open files on this machine";
inline constexpr std::string_view kNoBufferSpace = "no buffer space on this machine";
inline constexpr std::string_view kNoLocalAddress = "no free address or port on this machine";
inline constexpr std::string_view kNoAddressFamily = "address family not supported by this machine";

// For mail that waits for the end of an outage of this host; followed by the way and the reason.
inline constexpr std::string_view kCannotSend = "this host cannot send";

enum class ConnectFailure {
  refused,     // refused by the host, or by a firewall
  no_answer,   // timed out
  no_route,    // from here, or further on
  prohibited,  // by this host
  resources,   // of this host
  other
};
// For a result of Stage::connect.
ConnectFailure connect_failure(const HostResult& result);

}  // namespace mxpress::proto
