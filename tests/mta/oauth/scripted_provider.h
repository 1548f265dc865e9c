// A provider that answers from a list, for tests of its clients.
#pragma once

#include <string>
#include <vector>

#include "mta/oauth/token_host.h"

namespace mxpress::testing {

struct ScriptedProvider {
  struct Answer {
    int status = 200;
    std::string content;
    std::string network_failure{};  // empty: there is none
  };
  std::vector<Answer> answers;       // in order
  std::vector<std::string> asked{};  // forms, in order
  std::vector<std::string> hosts{};  // the same

  mta::oauth::TokenHost::Ask ask() {
    return [this](mta::http_client::Request request, const mta::http_client::Reach&) -> Result<mta::http_client::Response> {
      asked.push_back(request.content.reveal());
      hosts.push_back(request.url.text());
      if (asked.size() > answers.size()) return Error::transient("the test has no more answers");
      const Answer& answer = answers[asked.size() - 1];
      if (!answer.network_failure.empty()) return Error::transient(answer.network_failure);
      return mta::http_client::Response{answer.status, "application/json", mta::auth::Secret(answer.content)};
    };
  }
};

inline mta::oauth::Client client_of(const std::string& provider, const std::string& secret = "") {
  mta::OAuthConfig config;
  config.provider = provider;
  return {"client-1", mta::auth::Secret(secret), mta::endpoints_of(config), {}};
}

}  // namespace mxpress::testing
