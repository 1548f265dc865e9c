// dkim-tool: makes keys, and signs messages in files by the pipeline of mxpressd. For scripts/interop.
//
//   dkim-tool keys FOLDER DOMAIN...   FOLDER/DOMAIN/{r1,r2,e1}.pem; prints "NAME RECORD" lines
//   dkim-tool sign FOLDER OWN_DOMAIN IN OUT   signs IN/*.eml into OUT, for a host without 8BITMIME where the name has ".7bit."
//   dkim-tool time FOLDER OWN_DOMAIN FILE COUNT   what it takes to sign a message and its like, which differ in one field
//
// The signatures of a message: r1 (RSA-2048), r2 (RSA-4096, for names with ".4096."), e1 (Ed25519).
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mta/content/conversion_room.h"
#include "mta/content/dkim_signer.h"
#include "mta/content/pipeline.h"
#include "mta/dkim/key_record.h"
#include "proto/mail_data.h"
#include "tests/support/content_source.h"
#include "tests/support/prepared.h"

using namespace mxpress;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
T or_throw(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

void make_key(const fs::path& folder, const proto::Domain& domain, const std::string& selector, const mta::dkim::Key& key) {
  std::ofstream(folder / domain.text() / (selector + ".pem")) << key.pem();
  std::cout << mta::dkim::record_name(selector, domain) << ' ' << mta::dkim::record_text(key.public_key()) << '\n';
}

void make_keys(const fs::path& folder, const proto::Domain& domain) {
  fs::create_directories(folder / domain.text());
  make_key(folder, domain, "r1", or_throw(mta::dkim::Key::generate(mta::dkim::KeyKind::rsa)));
  make_key(folder, domain, "r2", or_throw(mta::dkim::Key::generate(mta::dkim::KeyKind::rsa, mta::dkim::kMostRsaBits)));
  make_key(folder, domain, "e1", or_throw(mta::dkim::Key::generate(mta::dkim::KeyKind::ed25519)));
}

mta::dkim::KeyRing ring_of(const fs::path& folder, const std::string& own, const std::string& rsa) {
  mta::dkim::KeyRing ring;
  for (const auto& entry : fs::directory_iterator(folder)) {
    mta::dkim::Identity identity{or_throw(proto::Domain::parse(entry.path().filename().string())), {}};
    for (const std::string& selector : {rsa, std::string("e1")})
      identity.keys.push_back({selector, or_throw(mta::dkim::Key::parse(text_of(entry.path() / (selector + ".pem"))))});
    if (const Status added = ring.add(std::move(identity)); !added) throw std::runtime_error(added.error().message);
  }
  ring.set_own(or_throw(proto::Domain::parse(own)));
  return ring;
}

// From the form for sendmail to the form for a host.
std::string signed_message(const std::string& text, bool has_eight_bit_mime, mta::content::Signer& signer) {
  proto::LineEndNormaliser normaliser;
  std::string content;
  normaliser.feed(text, content);
  normaliser.finish(content);
  proto::Envelope envelope;
  envelope.body = normaliser.facts().body();
  envelope.has_long_lines = normaliser.facts().needs_reencoding();
  testing::MemorySource stored(std::move(content));
  mta::content::Pipeline pipeline(stored, envelope, mta::content::ConversionRoom::common(), &signer);
  const mta::content::Prepared prepared = testing::run(testing::prepare_all(pipeline, {has_eight_bit_mime, "mx.example"}));
  if (prepared.refusal) throw std::runtime_error(prepared.refusal->text);
  return or_throw(testing::run(testing::read_all(*prepared.data, 64 * 1024)));
}

void sign_all(const fs::path& keys, const std::string& own, const fs::path& in, const fs::path& out) {
  mta::content::DkimSigner usual(ring_of(keys, own, "r1"));
  mta::content::DkimSigner large(ring_of(keys, own, "r2"));
  for (const auto& entry : fs::directory_iterator(in)) {
    const std::string name = entry.path().filename().string();
    const auto is = [&](const char* mark) { return name.find(mark) != std::string::npos; };
    try {
      std::ofstream(out / name, std::ios::binary) << signed_message(text_of(entry.path()), !is(".7bit."), is(".4096.") ? large : usual);
    } catch (const std::exception& error) {
      throw std::runtime_error(name + ": " + error.what());
    }
  }
}

void time_all(const fs::path& keys, const std::string& own, const fs::path& file, int count) {
  mta::content::DkimSigner signer(ring_of(keys, own, "r1"));
  const std::string text = text_of(file);
  const auto one = [&](int number) { return signed_message("Subject: " + std::to_string(number) + "\r\n" + text, true, signer).size(); };
  for (const char* what : {"signed", "signed before"}) {
    const std::clock_t begin = std::clock();
    std::size_t octets = 0;
    for (int i = 0; i < count; ++i) octets += one(std::string_view(what) == "signed" ? i : count - 1);
    const double micros = 1e6 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::cout << what << ": " << micros / count << " us of CPU a message, " << octets << " octets\n";
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() >= 3 && words[0] == "keys") {
      for (std::size_t i = 2; i < words.size(); ++i) make_keys(words[1], or_throw(proto::Domain::parse(words[i])));
      return 0;
    }
    if (words.size() == 5 && words[0] == "sign") {
      sign_all(words[1], words[2], words[3], words[4]);
      return 0;
    }
    if (words.size() == 5 && words[0] == "time") {
      time_all(words[1], words[2], words[3], std::stoi(words[4]));
      return 0;
    }
    std::cerr << "usage: dkim-tool keys FOLDER DOMAIN... | sign FOLDER OWN_DOMAIN IN OUT | time FOLDER OWN_DOMAIN FILE COUNT\n";
  } catch (const std::exception& error) {
    std::cerr << "dkim-tool: " << error.what() << '\n';
  }
  return 1;
}
