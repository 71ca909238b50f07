#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| devpi_tokens_fuzz::token::macaroon_v2(data));
