// The table of mail programs.
#include "mta/migrate/programs.h"

namespace mxpress::mta::migrate {
namespace {

constexpr OldProgram kPrograms[] = {
    {"postfix", "/etc/postfix/main.cf", read_postfix},
    {"exim", "/etc/exim4/update-exim4.conf.conf", read_exim},
    {"dma", "/etc/dma/dma.conf", read_dma},
    {"msmtp", "/etc/msmtprc", read_msmtp},
    {"ssmtp", "/etc/ssmtp/ssmtp.conf", read_ssmtp},
    {"nullmailer", "/etc/nullmailer/remotes", read_nullmailer},
};

}  // namespace

std::span<const OldProgram> old_programs() { return kPrograms; }

}  // namespace mxpress::mta::migrate
