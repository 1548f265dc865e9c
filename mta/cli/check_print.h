// The output of mxpress check.
#pragma once

#include <boost/json/object.hpp>
#include <iosfwd>
#include <string>
#include <vector>

#include "mta/check/watcher.h"

namespace mxpress::mta::check {
struct Verdict;
}

namespace mxpress::mta::cli {

// For people: each step as it happens. All text is printable.
class CheckPrinter final : public check::Watcher {
 public:
  explicit CheckPrinter(std::ostream& out) : out_(out) {}
  void begun(const check::Findings& findings) override;
  void answered(const check::ServerAnswer& answer) override;
  void found_hosts(const check::Findings& findings) override;
  void begins(const check::HostFinding& host) override;
  void said(const check::Line& line) override;
  void ended(const check::HostFinding& host) override;

 private:
  std::ostream& out_;
};

void print_verdict(std::ostream& out, const check::Verdict& verdict);

// Both for programs.
boost::json::object to_json(const check::Findings& findings);
boost::json::object to_json(const check::Verdict& verdict);

}  // namespace mxpress::mta::cli
