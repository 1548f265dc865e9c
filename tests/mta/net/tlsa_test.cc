// TLSA records: which can be compared with a certificate, and which are put aside. RFC 6698 2.1, RFC 7671 9, RFC 7672 3.1.
#include "mta/net/tlsa.h"

#include <catch2/catch.hpp>

#include "tests/support/certificates.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;

TEST_CASE("tlsa: data of a record is three octets and the rest, and shorter data is a record that cannot be used") {
  CHECK(parse_tlsa(std::string("\x03\x01\x02xyz")) == TlsaRecord{3, 1, 2, "xyz"});
  CHECK(parse_tlsa(std::string("\0\0\0", 3)) == TlsaRecord{0, 0, 0, ""});
  for (const char* data : {"", "\x03", "\x03\x01"}) CHECK_FALSE(is_usable(parse_tlsa(data)));
  CHECK_FALSE(is_usable(parse_tlsa("\x03\x01\x01")));
}

TEST_CASE("tlsa: usages 2 and 3 with a known selector and matching type and data of its length can be used, all else cannot, and why") {
  const Certificate certificate{CertificateWish{}};
  for (int usage = 0; usage < 5; ++usage)
    for (int selector = 0; selector < 3; ++selector)
      for (int matching = 0; matching < 4; ++matching) {
        CAPTURE(usage, selector, matching);
        TlsaRecord record = certificate.tlsa(usage == 2 ? 2 : 3, selector == 0 ? 0 : 1, static_cast<std::uint8_t>(matching % 3));
        record.usage = static_cast<std::uint8_t>(usage);
        record.selector = static_cast<std::uint8_t>(selector);
        record.matching = static_cast<std::uint8_t>(matching);
        CHECK(is_usable(record) == ((usage == 2 || usage == 3) && selector < 2 && matching < 3));
        record.data += 'x';
        CHECK_FALSE(is_usable(record));
        record.data.resize(record.data.size() - 2);
        CHECK_FALSE(is_usable(record));
      }
  CHECK(why_unusable({1, 1, 1, std::string(32, 'x')}) == "usage 1 is not for mail");
  CHECK(why_unusable({3, 1, 1, std::string(20, 'x')}) == "its data has 20 octets in place of 32");
  CHECK(why_unusable({3, 1, 3, std::string(32, 'x')}) == "its kind is unknown");
  CHECK(why_unusable({3, 1, 0, "x"}) == "its data is no certificate or key of a usual kind");
}

TEST_CASE("tlsa: data that is a certificate or key as it stands is decoded only where that is cheap") {
  // A key on P-256 with a compressed point: its decoding computes a square root.
  const unsigned char kCompressed[] = {0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                       0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x22, 0x00, 0x02};
  std::string key(reinterpret_cast<const char*>(kCompressed), sizeof kCompressed);
  key += "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96";
  CHECK_FALSE(is_usable({3, 1, 0, key}));
  CHECK_FALSE(is_usable({3, 0, 0, std::string(20'000, '\x30')}));
}

TEST_CASE("tlsa: of a set only four certificates or keys as they stand are decoded, however many a domain publishes") {
  const Certificate certificate{CertificateWish{}};
  const TlsaRecord key = certificate.tlsa(3, 1, 0), digest = certificate.tlsa(3, 1, 1), odd{3, 1, 0, "x"}, other{1, 1, 0, "x"};
  const std::string beyond = "there are more than 4 without a digest";
  CHECK(why_unusable(std::vector{key, digest, key, key, key}) == std::vector<std::string>(5));
  CHECK(why_unusable(std::vector{key, digest, key, key, key, key, digest}) == std::vector<std::string>{"", "", "", "", "", beyond, ""});
  CHECK(why_unusable(std::vector{odd, odd, odd, odd, key})[4] == beyond);
  CHECK(why_unusable(std::vector{other, other, other, other, key})[4].empty());
}

TEST_CASE("tlsa: of usable records with one usage and selector the weaker digest is put aside") {
  const TlsaRecord weak{3, 1, 1, std::string(32, 'x')}, strong{3, 1, 2, std::string(64, 'y')};
  const TlsaRecord other{3, 0, 2, std::string(64, 'y')}, broken{3, 1, 2, "y"}, authority{2, 1, 2, std::string(64, 'y')};
  const std::vector<TlsaRecord> set{weak, strong};
  CHECK(set_aside_by(set) == std::vector<const TlsaRecord*>{&set[1], nullptr});
  CHECK(set_aside_by({weak, other, broken, authority}) == std::vector<const TlsaRecord*>(4, nullptr));
  CHECK(brief(weak) == "3 1 1 7878787878787878...");
  CHECK(brief({3, 1, 1, "x"}) == "3 1 1 78");
}

}  // namespace
}  // namespace mxpress::testing
