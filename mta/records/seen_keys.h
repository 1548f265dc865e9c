// Remembers across restarts which keys have had their record in the DNS: SPOOL/dkim-seen.
#pragma once

#include <boost/filesystem/path.hpp>
#include <map>
#include <string>

#include "mta/dkim/key.h"
#include "proto/domain.h"
#include "proto/time.h"

namespace mxpress::mta::records {

// "example.org rsa1 2c26b46b...": domain, selector, and the SHA-256 of the public key, so that a new key counts as another one.
std::string key_id(const proto::Domain& domain, std::string_view selector, const dkim::PublicKey& key);

// The time when the record of each key was first seen, by key_id().
using SeenKeys = std::map<std::string, WallTime, std::less<>>;

// Lines "KEY_ID MILLISECONDS"; other lines are ignored.
SeenKeys parse_seen_keys(std::string_view text);
std::string text_of(const SeenKeys& keys);

// The path of the file in a spool.
boost::filesystem::path seen_keys_file(const boost::filesystem::path& spool);
// The Error is permanent if there is no such file, else transient.
Result<SeenKeys> read_seen_keys(const boost::filesystem::path& file);
// Durable when it returns: a new file replaces the old one.
Status write_seen_keys(const boost::filesystem::path& file, const SeenKeys& keys);

}  // namespace mxpress::mta::records
