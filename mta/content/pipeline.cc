// Makes from a message the content for a mail host.
#include "mta/content/pipeline.h"

#include <utility>

#include "mta/content/conversion.h"
#include "mta/content/replaced_author.h"
#include "mta/content/signed_content.h"
#include "mta/content/signer.h"

namespace mxpress::mta::content {
namespace {

Refusal refusal(const Error& error, proto::MimeGoal goal) {
  if (error.is_transient()) return {proto::Outcome::deferred, {4, 3, 0}, error.message};
  if (goal == proto::MimeGoal::short_lines)
    return {proto::Outcome::failed, {5, 6, 0}, "lines over 998 octets may not be sent: " + error.message};
  return {proto::Outcome::failed, {5, 6, 3}, "the mail host takes no 8-bit content (no 8BITMIME): " + error.message};
}

ConversionRoom::Owner owner_for(const proto::Envelope& envelope, std::string_view host) {
  return {envelope.submitter.share_owner(), std::string(host)};
}

Refusal no_room() { return {proto::Outcome::deferred, {4, 3, 0}, "too much is being re-encoded for mail hosts at the moment"}; }

}  // namespace

Pipeline::Pipeline(DataSource& stored, const proto::Envelope& envelope, Signer* signer, SigningTurns turns)
    : Pipeline(stored, envelope, ConversionRoom::common(), signer, turns) {}

Pipeline::Pipeline(DataSource& stored, const proto::Envelope& envelope, ConversionRoom& room, Signer* signer, SigningTurns turns)
    : stored_(stored), envelope_(envelope), room_(room), signer_(signer), turns_(turns) {}

Pipeline::~Pipeline() = default;

std::optional<Prepared> Pipeline::as_stored(const HostNeeds& needs) const {
  Prepared stored{&stored_, envelope_.body};
  if (author_ || envelope_.has_long_lines || needs_seven_bit(stored, needs)) return std::nullopt;
  return stored;
}

Task<Prepared> Pipeline::prepare(HostNeeds needs) {
  Prepared content{&stored_, envelope_.body};
  if (author_) content = co_await with_author(std::move(content), needs.host);
  if (!content.refusal && envelope_.has_long_lines)
    content = co_await run(proto::MimeGoal::short_lines, std::move(content), short_lines_, needs.host);
  if (!content.refusal && needs_seven_bit(content, needs))
    content = co_await run(proto::MimeGoal::seven_bit, std::move(content), seven_bit_, needs.host);
  co_return content;
}

Task<Prepared> Pipeline::with_author(Prepared content, std::string_view host) {
  if (!with_author_) {
    auto made = co_await ReplacedAuthor::make(*content.data, *author_, room_, owner_for(envelope_, host), turns_.headers);
    if (!made.ok()) co_return Prepared{nullptr, content.body, false, Refusal{proto::Outcome::deferred, {4, 3, 0}, made.error().message}};
    with_author_ = std::move(*made);
  } else if (!with_author_->hold().enter_destination(host)) {
    co_return Prepared{nullptr, content.body, false, no_room()};
  }
  content.data = &with_author_->data();
  co_return content;
}

bool Pipeline::needs_seven_bit(const Prepared& content, const HostNeeds& needs) const {
  return content.body == proto::BodyType::eight_bit && !needs.eight_bit_mime;
}

Task<Prepared> Pipeline::run(proto::MimeGoal goal, Prepared content, std::unique_ptr<Converted>& stage, std::string_view host) {
  if (!stage) {
    auto converted = co_await convert(*content.data, goal, room_, owner_for(envelope_, host));
    if (!converted.ok()) co_return Prepared{nullptr, content.body, content.breaks_header, refusal(converted.error(), goal)};
    stage = std::move(*converted);
  } else if (!stage->hold().enter_destination(host)) {
    co_return Prepared{nullptr, content.body, content.breaks_header, no_room()};
  }
  co_return Prepared{stage.get(), stage->body(), content.breaks_header || stage->breaks_header()};
}

Task<Prepared> Pipeline::sign(Prepared content, std::string_view host) {
  std::unique_ptr<SignedContent>& stage = content.data == seven_bit_.get() ? signed_seven_bit_ : signed_;
  if (!stage) {
    auto made = co_await SignedContent::make(*content.data, *signer_, envelope_, room_, owner_for(envelope_, host), turns_);
    if (!made.ok())
      co_return Prepared{nullptr, content.body, content.breaks_header, Refusal{proto::Outcome::deferred, {4, 3, 0}, made.error().message}};
    stage = std::move(*made);
  } else if (!stage->hold().enter_destination(host)) {
    co_return Prepared{nullptr, content.body, content.breaks_header, no_room()};
  }
  content.data = &stage->data();
  content.signature = stage.get();
  co_return content;
}

std::size_t Pipeline::most_of_signatures() const { return signer_ ? signer_->most_octets() : 0; }

void Pipeline::leave_host() {
  const auto leave = [](const auto& stage) {
    if (stage) stage->hold().leave_destination();
  };
  leave(with_author_);
  leave(short_lines_);
  leave(seven_bit_);
  leave(signed_seven_bit_);
  leave(signed_);
}

}  // namespace mxpress::mta::content
