// Changes the transfer encoding of a message in memory.
#include "proto/mime.h"

namespace mxpress::proto {
namespace {

Result<std::string> convert(std::string_view content, MimeGoal goal) {
  MimeSurvey survey(goal);
  survey.feed(content);
  const Result<MimePlan> plan = survey.finish();
  if (!plan) return plan.error();
  std::string converted;
  converted.reserve(content.size() + content.size() / 8);
  MimeRewriter rewriter(*plan, goal);
  rewriter.feed(content, converted);
  rewriter.finish(converted);
  return converted;
}

}  // namespace

Result<std::string> reencode_for_transport(std::string_view content) { return convert(content, MimeGoal::short_lines); }

Result<std::string> downgrade_to_seven_bit(std::string_view content) { return convert(content, MimeGoal::seven_bit); }

}  // namespace mxpress::proto
