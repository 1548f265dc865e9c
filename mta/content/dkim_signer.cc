// Hashes content, and has the hash signed.
#include "mta/content/dkim_signer.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/content/block.h"
#include "mta/content/header_text.h"

namespace mxpress::mta::content {
namespace {

// Content that is made while it is read has to be read from its beginning.
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

}  // namespace

Task<Result<Signature>> DkimSigner::sign(DataSource& content, const proto::Envelope&) {
  const std::shared_ptr<dkim::Signer> signer = *signer_.lock();
  const Result<HeaderText> header = co_await HeaderText::read(content);
  if (!header.ok()) co_return header.error();
  const std::size_t size = header->fields().size();
  co_await let_others_go_on_after(size);
  const dkim::Identity* const identity = signer->ring().find(header->fields());
  if (!identity) co_return Signature{};
  co_await let_others_go_on_after(size);
  const Result<dkim::BodyDigest> body = co_await body_digest(content, header->body_begin());
  if (!body.ok()) co_return body.error();
  co_await let_others_go_on_after(size);
  const dkim::SignedFields fields(header->fields());
  Signature signature{{}, identity->domain.text()};
  for (const dkim::SigningKey& key : identity->keys) {
    const Result<dkim::Signer::Signature> made = signer->sign(*identity, key, fields, *body);
    if (!made.ok()) co_return made.error();
    signature.fields.append(made->field);
    if (!made->was_known) co_await let_others_go_on();
  }
  co_return signature;
}

}  // namespace mxpress::mta::content
