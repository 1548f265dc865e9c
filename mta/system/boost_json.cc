// Boost.JSON itself, compiled once, so that no library has to be linked for it.
#include <boost/json/src.hpp>
