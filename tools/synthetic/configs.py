"""The `config` of the monolith and of the other files, with every published key."""
from .networks import BWE_RATES, BWE_SIZES, ENCODER_BLOCKS, MAIN_RATES, MAIN_SIZES, N_FFT, decoder_blocks
from .shapes import Shape


def transformer(s: Shape) -> dict:
    return {
        "_class_name": "AVTransformer3DModel", "activation_fn": "gelu-approximate", "apply_gated_attention": True,
        "attention_bias": True, "attention_head_dim": s.head_width, "attention_type": "default",
        "audio_attention_head_dim": s.audio_head_width, "audio_connector_attention_head_dim": s.audio_head_width,
        "audio_connector_num_attention_heads": s.heads, "audio_cross_attention_dim": s.audio,
        "audio_num_attention_heads": s.heads, "audio_out_channels": 128, "audio_positional_embedding_max_pos": [20],
        "av_ca_timestep_scale_multiplier": 1000.0, "av_cross_ada_norm": True, "caption_channels": s.video,
        "caption_proj_before_connector": True, "caption_proj_input_norm": False, "caption_projection_first_linear": False,
        "caption_projection_second_linear": False, "causal_temporal_positioning": True,
        "connector_apply_gated_attention": True, "connector_attention_head_dim": s.head_width,
        "connector_learnable_registers_std": 1.0, "connector_norm_output": True, "connector_num_attention_heads": s.heads,
        "connector_num_layers": s.connector_layers, "connector_num_learnable_registers": 128,
        "connector_positional_embedding_max_pos": [4096], "cross_attention_adaln": True, "cross_attention_dim": s.video,
        "cross_attention_norm": True, "double_self_attention": False, "dropout": 0.0, "frequencies_precision": "float64",
        "in_channels": 128, "norm_elementwise_affine": False, "norm_eps": 1e-06, "norm_num_groups": 32,
        "num_attention_heads": s.heads, "num_embeds_ada_norm": 1000, "num_layers": s.blocks, "num_vector_embeds": None,
        "only_cross_attention": False, "out_channels": 128, "positional_embedding_max_pos": [20, 2048, 2048],
        "positional_embedding_theta": 10000.0, "positional_embedding_type": "rope", "qk_norm": "rms_norm",
        "rope_type": "split", "share_ff": False, "standardization_norm": "rms_norm",
        "text_encoder_norm_type": "per_token_rms", "timestep_scale_multiplier": 1000, "upcast_attention": False,
        "use_audio_video_cross_attention": True, "use_embeddings_connector": True, "use_linear_projection": False,
        "use_middle_indices_grid": True,
    }


def vae(s: Shape) -> dict:
    return {
        "_class_name": "CausalVideoAutoencoder", "dims": 3, "in_channels": 3, "out_channels": 3, "latent_channels": 128,
        "encoder_blocks": ENCODER_BLOCKS, "decoder_blocks": decoder_blocks(s), "scaling_factor": 1.0,
        "norm_layer": "pixel_norm", "patch_size": 4, "latent_log_var": "uniform", "use_quant_conv": False,
        "causal_decoder": False, "timestep_conditioning": False, "normalize_latent_channels": False,
        "encoder_base_channels": 128, "decoder_base_channels": s.decoder_base, "spatial_padding_mode": "zeros",
    }


def audio_vae() -> dict:
    return {
        "model": {"params": {"sampling_rate": 16000, "ddconfig": {
            "mel_bins": 64, "ch": 128, "ch_mult": [1, 1, 1], "num_res_blocks": 1, "attn_resolutions": [], "resolution": 256,
            "z_channels": 8, "double_z": True, "in_channels": 2, "out_ch": 2, "norm_type": "pixel",
            "causality_axis": "height", "mid_block_add_attention": False, "dropout": 0.0}}},
        "preprocessing": {
            "audio": {"sampling_rate": 16000, "max_wav_value": 32768.0, "duration": 5.12, "stereo": True, "causal_padding": 3},
            "stft": {"filter_length": 1024, "hop_length": 160, "win_length": 1024, "causal": True},
            "mel": {"n_mel_channels": 64, "mel_fmin": 0, "mel_fmax": 8000}},
    }


def vocoder(s: Shape) -> dict:
    common = {"resblock": "AMP1", "stereo": True, "activation": "snakebeta", "use_tanh_at_final": False,
              "use_bias_at_final": False, "resblock_kernel_sizes": list(s.kernels),
              "resblock_dilation_sizes": [[1, 3, 5] for _ in s.kernels]}
    return {
        "vocoder": common | {"upsample_initial_channel": s.vocoder_width, "upsample_rates": MAIN_RATES,
                             "upsample_kernel_sizes": MAIN_SIZES},
        "bwe": common | {"upsample_initial_channel": s.bwe_width, "upsample_rates": BWE_RATES,
                         "upsample_kernel_sizes": BWE_SIZES, "apply_final_activation": False,
                         "input_sampling_rate": 16000, "output_sampling_rate": 48000, "num_mels": 64, "hop_length": 80,
                         "n_fft": N_FFT, "win_size": N_FFT},
    }


def scheduler() -> dict:
    return {"_class_name": "RectifiedFlowScheduler", "num_train_timesteps": 1000, "shifting": None, "base_resolution": None,
            "sampler": "LinearQuadratic"}


def upsampler(s: Shape) -> dict:
    return {"_class_name": "LatentUpsampler", "in_channels": 128, "mid_channels": s.upsampler_width, "num_blocks_per_stage": 1,
            "dims": 3, "spatial_upsample": True, "temporal_upsample": False, "spatial_scale": 2.0, "rational_resampler": False}


def gemma(s: Shape, rows: int, vocab: dict) -> dict:
    return {
        "architectures": ["Gemma3ForConditionalGeneration"], "boi_token_index": vocab["<start_of_image>"],
        "eoi_token_index": vocab["<end_of_image>"], "eos_token_id": [vocab["<eos>"], vocab["<end_of_turn>"]],
        "image_token_index": vocab["<image_soft_token>"], "initializer_range": 0.02, "mm_tokens_per_image": 4,
        "model_type": "gemma3", "torch_dtype": "bfloat16",
        "text_config": {
            "model_type": "gemma3_text", "vocab_size": rows, "pad_token_id": 0, "bos_token_id": vocab["<bos>"],
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "hidden_size": s.gemma_width,
            "intermediate_size": s.gemma_hidden, "num_hidden_layers": s.gemma_layers, "num_attention_heads": s.gemma_heads,
            "num_key_value_heads": s.gemma_kv_heads, "head_dim": s.gemma_head_width,
            "query_pre_attn_scalar": s.gemma_head_width, "sliding_window": s.sliding_window},
        "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 16, "image_size": 28, "intermediate_size": 24,
                          "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 14, "vision_use_head": False},
    }


def gemma_folder_files(vocab: dict) -> dict:
    """The small files beside the weights of a Gemma folder."""
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>",
             "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    return {
        "tokenizer_config.json": {"add_bos_token": True, "add_eos_token": False} | names | {
            "mask_token": "<mask>", "clean_up_tokenization_spaces": False, "processor_class": "Gemma3Processor",
            "tokenizer_class": "GemmaTokenizer"},
        "special_tokens_map.json": names,
        "processor_config.json": {"image_seq_length": 4, "processor_class": "Gemma3Processor"},
        "preprocessor_config.json": {
            "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "Gemma3ImageProcessor", "image_seq_length": 4, "image_std": [0.5, 0.5, 0.5],
            "processor_class": "Gemma3Processor", "resample": 2, "rescale_factor": 0.00392156862745098,
            "size": {"height": 28, "width": 28}},
        "generation_config.json": {"bos_token_id": vocab["<bos>"], "do_sample": True,
                                   "eos_token_id": [vocab["<eos>"], vocab["<end_of_turn>"]], "pad_token_id": 0, "top_k": 64,
                                   "top_p": 0.95},
        "chat_template.json": {"chat_template":
            "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\n' + m['content'] + '<end_of_turn>\n' }}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"},
    }
