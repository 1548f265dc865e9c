// Converts content while it is read.
#include "mta/content/conversion.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/content/block.h"
#include "proto/mail_data.h"

namespace mxpress::mta::content {
namespace {

Error no_room() { return Error::transient("too much is being re-encoded for mail hosts at the moment"); }

// Finds the result of a conversion. The original is read twice.
class Preparation {
 public:
  Preparation(DataSource& original, proto::MimeGoal goal, ConversionRoom::Hold& hold) : original_(original), hold_(hold) {
    findings_.goal = goal;
  }

  Task<Result<Converted::Findings>> run() {
    if (const Status planned = co_await plan(); !planned.ok()) co_return planned.error();
    if (const Status measured = co_await measure(); !measured.ok()) co_return measured.error();
    co_return std::move(findings_);
  }

 private:
  Task<Status> plan() {
    proto::MimeSurvey survey(findings_.goal);
    for (std::uint64_t offset = 0; offset < original_.size() && !survey.failed();) {
      const Result<std::string_view> block = co_await next_block(original_, offset, buffer_);
      if (!block.ok()) co_return block.error();
      survey.feed(*block);
      offset += block->size();
      if (!holds(survey.held())) co_return no_room();
      co_await let_others_go_on();
    }
    Result<proto::MimePlan> plan = survey.finish();
    if (!plan.ok()) co_return plan.error();
    findings_.plan = std::move(*plan);
    findings_.breaks_header = survey.breaks_header();
    co_return Status();
  }

  Task<Status> measure() {
    proto::MimeRewriter rewriter(findings_.plan, findings_.goal);
    proto::ContentInspector inspector;
    for (std::uint64_t offset = 0; offset < original_.size();) {
      const Result<std::string_view> block = co_await next_block(original_, offset, buffer_);
      if (!block.ok()) co_return block.error();
      rewriter.feed(*block, made_);
      offset += block->size();
      if (!holds(rewriter.held() + findings_.plan.capacity() * sizeof(proto::MimeChange))) co_return no_room();
      inspector.feed(made_);
      made_.clear();
      co_await let_others_go_on();
    }
    rewriter.finish(made_);
    inspector.feed(made_);
    const proto::ContentFacts& facts = inspector.facts();
    const bool fits = findings_.goal == proto::MimeGoal::seven_bit ? !facts.eight_bit : !facts.needs_reencoding();
    if (!fits) co_return Error::permanent("the message cannot be converted for transport: it would still not fit");
    findings_.size = facts.octets;
    findings_.body = facts.body();
    co_return Status();
  }

  // While a header changes, its old form, its new one, and a part of each are in memory.
  bool holds(std::size_t parser) const { return hold_.raise_to(2 * kBlock + buffer_.capacity() + made_.capacity() + 2 * parser); }

  DataSource& original_;
  ConversionRoom::Hold& hold_;
  Converted::Findings findings_{};
  std::string buffer_;
  std::string made_;
};

}  // namespace

Converted::Converted(DataSource& original, Findings findings, std::unique_ptr<ConversionRoom::Hold> hold)
    : original_(original), findings_(std::move(findings)), hold_(std::move(hold)) {
  begin_again();
}

Converted::~Converted() = default;

void Converted::begin_again() {
  rewriter_ = std::make_unique<proto::MimeRewriter>(findings_.plan, findings_.goal);
  taken_ = position_ = 0;
  made_.clear();
  made_begin_ = 0;
}

Task<Result<std::size_t>> Converted::read(std::uint64_t offset, char* buffer, std::size_t size) {
  if (offset == 0 && position_ > 0) begin_again();
  if (offset != position_) co_return Error::transient("converted content is read out of order");
  while (made_begin_ == made_.size() && position_ < findings_.size) {
    const Status made = co_await make_more();
    if (!made.ok()) co_return made.error();
  }
  const std::size_t count = made_.copy(buffer, size, made_begin_);
  made_begin_ += count;
  position_ += count;
  co_return count;
}

Task<Status> Converted::make_more() {
  made_.clear();
  made_begin_ = 0;
  if (taken_ == original_.size()) co_return Error::transient("the stored content has changed while it was converted");
  const Result<std::string_view> block = co_await next_block(original_, taken_, block_);
  if (!block.ok()) co_return block.error();
  rewriter_->feed(*block, made_);
  taken_ += block->size();
  if (taken_ == original_.size()) rewriter_->finish(made_);
  co_await let_others_go_on();
  co_return Status();
}

Task<Result<std::unique_ptr<Converted>>> convert(DataSource& original, proto::MimeGoal goal, ConversionRoom& room,
                                                 ConversionRoom::Owner owner) {
  auto hold = std::make_unique<ConversionRoom::Hold>(room, std::move(owner));
  Preparation preparation(original, goal, *hold);
  Result<Converted::Findings> findings = co_await preparation.run();
  if (!findings.ok()) co_return findings.error();
  co_return std::make_unique<Converted>(original, std::move(*findings), std::move(hold));
}

}  // namespace mxpress::mta::content
