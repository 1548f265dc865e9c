// Keys for the tests of DKIM.
#pragma once

#include <string>

#include "mta/dkim/key.h"

namespace mxpress::testing {

// RSA-2048 and Ed25519; each made once.
const mta::dkim::Key& rsa_key();
const mta::dkim::Key& ed25519_key();
// Of RFC 8463 appendix A.2.
const mta::dkim::Key& rfc8463_key();

std::string pem_of_rsa(unsigned bits);
std::string pem_of_curve();  // P-256
std::string pem_of_pss();    // RSA for PSS alone
std::string pem_with_password();
// The public key is of another private key.
std::string pem_of_broken_rsa();
// The public key without SubjectPublicKeyInfo around it.
std::string pkcs1_of(const mta::dkim::Key& key);

}  // namespace mxpress::testing
