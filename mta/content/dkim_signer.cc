// Hashes content, and has the hash signed.
#include "mta/content/dkim_signer.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/content/block.h"
#include "mta/dkim/signature.h"
#include "mta/dkim/signed_fields.h"
#include "mta/fairness/blocking.h"

namespace mxpress::mta::content {
namespace {

// Content that is made while it is read must be read from its beginning.
Task<Result<dkim::BodyDigest>> digest_of(DataSource& content, std::uint64_t body_begin, dkim::BodyForm form) {
  dkim::BodyHash hash(form);
  std::string buffer;
  for (std::uint64_t offset = 0; offset < content.size();) {
    const Result<std::string_view> block = co_await next_block(content, offset, buffer);
    if (!block.ok()) co_return block.error();
    const std::uint64_t of_header = body_begin > offset ? body_begin - offset : 0;
    if (of_header < block->size()) hash.feed(block->substr(of_header));
    offset += block->size();
    if (offset < content.size()) co_await let_others_go_on();
  }
  co_return hash.finish();
}

Task<Result<dkim::BodyDigest>> body_digest(DataSource& content, std::uint64_t body_begin) {
  Result<dkim::BodyDigest> digest = co_await digest_of(content, body_begin, dkim::BodyForm::relaxed);
  if (digest.ok() && digest->needs_simple) digest = co_await digest_of(content, body_begin, dkim::BodyForm::simple);
  co_return digest;
}

// A signature with a key of 2048 bits takes as long as a file thread needs to read this much of a file in the page cache; with twice the
// bits eight times as long.
std::uint64_t octets_like(const dkim::Key& key) {
  constexpr std::uint64_t kLike2048 = 256 * 1024;
  if (key.kind() != dkim::KeyKind::rsa) return kLike2048 / 8;
  const auto times = static_cast<std::uint64_t>(key.public_key().bits) * 4 / 2048;  // in quarters
  return kLike2048 * times * times * times / 64;
}

class DkimSigning final : public Signing {
 public:
  DkimSigning(std::shared_ptr<dkim::Signer> signer, const dkim::Identity& identity, std::string_view header, const fairness::Owner& owner)
      : signer_(std::move(signer)), identity_(identity), fields_(header), owner_(owner) {}

  Task<Result<Signature>> sign(DataSource& content, std::uint64_t body_begin, fairness::FileTurns* threads) override {
    const Result<dkim::BodyDigest> body = co_await body_digest(content, body_begin);
    if (!body.ok()) co_return body.error();
    Signature signature{{}, identity_.domain.text()};
    for (const dkim::SigningKey& key : identity_.keys) {
      dkim::Signer::Draft draft = signer_->draft(identity_, key, fields_, *body);
      if (!draft.known) {
        // The key is shared: the call may continue after the session is gone.
        const auto compute = [shared = key.key, digest = draft.digest] { return shared.sign(digest); };
        const Result<std::string> value = co_await fairness::run_blocking(threads, {owner_, octets_like(key.key)}, compute);
        if (!value.ok()) co_return value.error();
        if (!threads) co_await let_others_go_on();
        signer_->keep(draft.digest, *value);
        draft.known = *value;
      }
      signature.fields.append(dkim::field_with_value(std::move(draft.field), *draft.known));
    }
    co_return signature;
  }

 private:
  const std::shared_ptr<dkim::Signer> signer_;  // new keys make a new signer
  const dkim::Identity& identity_;              // of signer_
  const dkim::SignedFields fields_;
  const fairness::Owner owner_;
};

}  // namespace

Task<std::unique_ptr<Signing>> DkimSigner::begin(std::string_view header, const proto::Envelope& envelope) {
  co_await let_others_go_on_after(header.size());
  std::shared_ptr<dkim::Signer> signer = *signer_.lock();
  const dkim::Identity* const identity = signer->ring().find(header);
  if (!identity) co_return nullptr;
  if (allows_ && !allows_(envelope, header, identity->domain)) co_return nullptr;
  co_await let_others_go_on_after(header.size());
  co_return std::make_unique<DkimSigning>(std::move(signer), *identity, header, envelope.submitter.share_owner());
}

}  // namespace mxpress::mta::content
