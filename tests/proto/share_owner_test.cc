// Owners of shares.
#include "proto/share_owner.h"

#include <catch2/catch.hpp>
#include <concepts>
#include <type_traits>

#include "proto/envelope.h"

using mxpress::proto::ShareOwner;
using mxpress::proto::Submitter;

namespace {

template <class A, class B>
concept Comparable = requires(A a, B b) { a == b; };

// Rights are decided by uids: neither type converts to the other.
static_assert(!std::is_convertible_v<std::int64_t, ShareOwner> && !std::is_constructible_v<ShareOwner, std::int64_t>);
static_assert(!std::is_convertible_v<ShareOwner, std::int64_t> && !std::is_constructible_v<std::int64_t, ShareOwner>);
static_assert(!Comparable<ShareOwner, std::int64_t> && !Comparable<ShareOwner, unsigned> && Comparable<ShareOwner, ShareOwner>);

}  // namespace

TEST_CASE("share owner: a negative uid is unknown, and no two kinds are the same") {
  CHECK(ShareOwner::user(-7) == ShareOwner());
  CHECK_FALSE(ShareOwner().is_known());
  CHECK(ShareOwner::user(0).is_known());
  CHECK(ShareOwner::user(0) != ShareOwner());
  CHECK(ShareOwner::user(7) != ShareOwner::ipv4(7));
  CHECK(ShareOwner::ipv4(7) != ShareOwner::ipv6_network(7));
  CHECK(ShareOwner::host().is_known());
  CHECK(ShareOwner::host() != ShareOwner::user(0));
}

TEST_CASE("share owner: its text is that of the user, of the address or of the network") {
  CHECK(ShareOwner().to_string() == "loopback");
  CHECK(ShareOwner::host().to_string() == "mxpressd");
  CHECK(ShareOwner::user(33).to_string() == "uid 33");
  CHECK(ShareOwner::ipv4(0xC0000207).to_string() == "192.0.2.7");
  CHECK(ShareOwner::ipv6_network(0x20010DB800010002).to_string() == "2001:db8:1:2::/64");
}

TEST_CASE("share owner: the uid that the kernel names is whose shares count; without one it is what the client's socket tells") {
  Submitter submitter;
  CHECK(submitter.share_owner() == ShareOwner());
  submitter.share = ShareOwner::user(1001);
  CHECK(submitter.share_owner() == ShareOwner::user(1001));
  submitter.uid = 33;
  CHECK(submitter.share_owner() == ShareOwner::user(33));
}
