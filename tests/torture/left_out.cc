// Runs the day with one kind of sync left out until something is wrong.
#include "tests/torture/left_out.h"

namespace mxpress::torture {
namespace {

using Call = test::ForgetfulDisk::Call;

bool is_file_in(Call call, const std::string& path, const std::string& folder) { return call == Call::sync && path.starts_with(folder); }
bool is_folder(Call call, const std::string& path, const std::string& folder) { return call == Call::sync_folder && path == folder; }

}  // namespace

const std::vector<LeftOut>& syncs() {
  static const std::vector<LeftOut> all{
      {"journal segment, before the answer", [](Call c, const std::string& p) { return is_file_in(c, p, "/spool/journal/"); }},
      {"journal/, when a segment was made or removed", [](Call c, const std::string& p) { return is_folder(c, p, "/spool/journal"); }},
      {"message file, before it gets its name", [](Call c, const std::string& p) { return is_file_in(c, p, "/spool/incoming/"); }},
      {"message file, when states were appended", [](Call c, const std::string& p) { return is_file_in(c, p, "/spool/messages/"); }},
      {"incoming/, before the record of a large message", [](Call c, const std::string& p) { return is_folder(c, p, "/spool/incoming"); }},
      {"messages/, when messages/xx was made", [](Call c, const std::string& p) { return is_folder(c, p, "/spool/messages"); }},
      {"messages/xx, before a segment goes",
       [](Call c, const std::string& p) { return c == Call::sync_folder && p.starts_with("/spool/messages/"); }},
      {"the spool's directory, with its folders, format and start", [](Call c, const std::string& p) { return is_folder(c, p, "/spool"); }},
      {"the folder around it", [](Call c, const std::string& p) { return is_folder(c, p, "/"); }},
      {"the start's number, before it is renamed", [](Call c, const std::string& p) { return is_file_in(c, p, "/spool/start"); }},
      {"the format, before it is renamed", [](Call c, const std::string& p) { return is_file_in(c, p, "/spool/format"); }},
      {"everything, at the begin of recovery", [](Call c, const std::string&) { return c == Call::sync_all; }},
  };
  return all;
}

Finding find_left_out(const LeftOut& sync, std::uint64_t seed) {
  Plan plan{.seed = seed, .again = 20};
  plan.skips = sync.matches;
  plan.most_failures = 1;
  Explorer explorer(std::move(plan));
  explorer.cut_everywhere();
  const auto& tally = explorer.tally();
  return {tally.cuts, tally.failures.empty() ? "" : tally.failures.front().what.front()};
}

}  // namespace mxpress::torture
