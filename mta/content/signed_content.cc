// Prepares content for its signature, and adds it in front.
#include "mta/content/signed_content.h"

#include <utility>

#include "mta/content/block.h"
#include "mta/content/header_text.h"
#include "mta/content/pipeline.h"
#include "mta/content/plain_header.h"
#include "mta/fairness/one_at_a_time.h"

namespace mxpress::mta::content {
Task<Result<std::unique_ptr<SignedContent>>> SignedContent::make(DataSource& original, Signer& signer, const proto::Envelope& envelope,
                                                                 ConversionRoom& room, ConversionRoom::Owner owner, SigningTurns turns) {
  std::unique_ptr<SignedContent> made(new SignedContent(original, room, std::move(owner)));
  const Result<std::unique_ptr<Signing>> signing = co_await made->begin(signer, envelope, turns.headers);
  if (!signing.ok()) co_return signing.error();
  if (!*signing) co_return made;
  if (const Status signature = co_await made->finish(**signing, turns.threads); !signature.ok()) co_return signature.error();
  co_return made;
}

Task<Result<std::unique_ptr<Signing>>> SignedContent::begin(Signer& signer, const proto::Envelope& envelope, fairness::OneAtATime* turns) {
  std::optional<fairness::OneAtATime::Turn> turn;
  if (turns && !original_.in_memory()) turn.emplace(co_await turns->take(envelope.submitter.share_owner()));
  const Result<HeaderText> header = co_await HeaderText::read(original_);
  if (!header.ok()) co_return header.error();
  header_size_ = header->fields().size();
  body_begin_ = header->body_begin();
  co_await let_others_go_on_after(header_size_);
  if (header->has_empty_line() && !needs_plain_form(header->fields())) co_return co_await signer.begin(header->fields(), envelope);
  if (turns && !turn) turn.emplace(co_await turns->take(envelope.submitter.share_owner()));
  const auto may_hold = [this](std::size_t octets) { return octets <= kMostWithoutRoom || hold_.raise_to(octets); };
  Result<std::string> plain = co_await plain_header(header->fields(), may_hold);
  if (!plain.ok()) co_return plain.error();
  if (!plain->empty() && !plain->ends_with("\r\n")) plain->append("\r\n");
  std::unique_ptr<Signing> signing = co_await signer.begin(*plain, envelope);
  if (!signing) hold_.release();
  if (!signing) co_return signing;
  header_size_ = plain->size();
  body_begin_ = header_size_ + 2;
  clean_.emplace(original_, std::move(plain->append("\r\n")), header->body_begin());
  co_return signing;
}

Task<Status> SignedContent::finish(Signing& signing, fairness::FileTurns* threads) {
  DataSource& content = clean_ ? *clean_ : original_;
  Result<Signature> signature = co_await signing.sign(content, body_begin_, threads);
  if (!signature.ok()) co_return signature.error();
  has_long_header_ = header_size_ + signature->fields.size() > kMostHeaderOfVerifiers;
  domain_ = std::move(signature->domain);
  signed_.emplace(content, std::move(signature->fields), 0);
  co_return Status();
}

}  // namespace mxpress::mta::content
