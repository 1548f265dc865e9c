// The name of a backoff in the spool's site records: of a site, or of the lookup of a destination.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "mta/routing/destination_name.h"

namespace mxpress::mta::delivery {

class BackoffKey {
 public:
  // `text`: of a SessionKey.
  static BackoffKey of_site(std::string text) { return BackoffKey(Kind::site, std::move(text)); }
  static BackoffKey of_lookup(routing::DestinationRef destination) { return BackoffKey(Kind::lookup, std::string(destination.text())); }
  // From queue::SiteRecord::site.
  static BackoffKey of_record(std::string_view stored);

  bool is_lookup() const { return kind_ == Kind::lookup; }
  // The text of the SessionKey, or of the destination.
  const std::string& name() const { return name_; }
  // For queue::SiteRecord::site. Never changes between versions: spools contain it.
  std::string stored() const;
  bool operator==(const BackoffKey&) const = default;

 private:
  enum class Kind { site, lookup };
  BackoffKey(Kind kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  Kind kind_;
  std::string name_;
};

}  // namespace mxpress::mta::delivery
