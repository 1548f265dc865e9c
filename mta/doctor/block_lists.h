// Whether DNS block lists list the addresses that mail leaves from. RFC 5782.
#pragma once

#include "mta/doctor/finding.h"
#include "mta/doctor/subject.h"

namespace mxpress::mta::doctor {

// What a list says of one address, by the records of its name. other: none of the codes that the list publishes for what it lists.
enum class Listing : std::uint8_t { clean, listed, refused, other, no_answer };
Listing listing_of(const dns::Answer& answer, std::string_view list = {});

// The codes of known lists, for people: "PBL: its network says that its addresses do not send mail directly". Empty: it says no more.
std::string meaning_of(const dns::Answer& answer, std::string_view list);

// "10.2.0.192.LIST"; nibbles for IPv6.
std::string list_name(const dns::Address& address, const std::string& list);

// One finding about one list. An answer counts only of a list that lists its test entry (127.0.0.2, ::ffff:7f00:2) and not the address that
// must not be listed (127.0.0.1, ::ffff:7f00:1): a list that has ended, or that refuses our name server, is not believed. `resolver` must
// outlive it.
Task<Findings> check_block_list(std::string list, Subject subject, dns::Resolver& resolver);

}  // namespace mxpress::mta::doctor
